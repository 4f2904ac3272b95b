import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter, shift

from sim2real.data import (
    LV,
    MYO,
    RV,
    SLICE_COLUMNS,
    Image,
    RunFolder,
    Sim2RealError,
    as_stored,
    write_image,
)
from sim2real.translation import edge_share, figures, kept_borders
from sim2real.translation.invented import COLUMNS as INVENTED_COLUMNS
from sim2real.translation.invented import invented_of, worst
from sim2real.translation.keeps import COLUMNS, keeps_of

ROWS, LINES = np.mgrid[:64, :72]
RADIUS = np.hypot(ROWS - 30, LINES - 40)
LABEL = np.select(
    [RADIUS < 9, RADIUS < 14, np.hypot(ROWS - 30, LINES - 22) < 9], [LV, MYO, RV], 0
).astype(np.uint8)
GREYS = np.array([0.3, 0.9, 0.15, 0.8])


def picture(greys=GREYS, noise=0.02, seed=0):
    return np.clip(
        gaussian_filter(greys[LABEL], 0.6)
        + np.random.default_rng(seed).normal(0, noise, LABEL.shape),
        0,
        1,
    ).astype(np.float32)


def moved(image, pixels):
    return shift(image, (pixels, -pixels), order=1, mode="nearest")


def test_a_vendors_contrast_and_some_texture_keep_the_anatomy():
    darker = picture(GREYS**1.5 * 0.9, noise=0.04, seed=1)
    assert kept_borders(picture(), darker, LABEL)["kept"] > 0.85
    assert kept_borders(picture(), picture(), LABEL)["kept"] == 1


@pytest.mark.parametrize("vendor_like", [picture(), picture(GREYS**1.5 * 0.9, noise=0.04, seed=1)])
def test_a_heart_that_has_moved_is_seen(vendor_like):
    kept = [
        kept_borders(picture(), moved(vendor_like, pixels), LABEL)["kept"]
        for pixels in (0, 2, 4, 8)
    ]
    # not in order: a border that has moved far may come to lie on another
    assert max(kept[1:]) < 0.6 * kept[0]


def test_an_invented_structure_is_seen():
    spoiled = picture()
    spoiled[np.hypot(ROWS - 27, LINES - 41) < 4] = 0.15  # a dark mass in the cavity
    assert kept_borders(picture(), spoiled, LABEL)["kept"] < 0.95


def test_edge_share_of_a_hand_made_step():
    label = np.zeros((32, 40), np.uint8)
    label[:, 20:24] = 1
    step = np.zeros((32, 40))
    step[:, 20:] = 1  # gradient 1/2 on columns 19 and 20 alone, both beside a border
    assert edge_share(step, label) == 1
    step[:, 22:] = 3  # and 1 on columns 21 and 22, beside none
    assert edge_share(step, label) == pytest.approx(2 * 0.25 / (2 * 0.25 + 2 * 1))
    assert edge_share(np.ones((32, 40)), label) == 0


def test_a_slice_without_a_label_is_refused():
    with pytest.raises(Sim2RealError, match="without a label"):
        edge_share(picture(), np.zeros_like(LABEL))


@pytest.fixture
def run(tmp_path):
    """Two subjects of three slices to two vendors; one translated slice has its heart moved."""
    affine, slices, translated = np.diag([1.25, 1.25, 8, 1.0]), [], []
    labels = np.stack([LABEL, LABEL, np.zeros_like(LABEL)])  # the last slice lies beyond the heart
    for subject in ("007", "V2"):
        image, label = f"03_real_cohort/{subject}.nii.gz", f"03_real_cohort/{subject}_gt.nii.gz"
        write_image(tmp_path / image, as_stored(np.stack([picture()] * 3), affine))
        write_image(tmp_path / label, Image(labels.transpose(2, 1, 0), affine))
        slices.append(("simulated", "", subject, "ES", "train", image, label))
        for vendor in "AB":
            path = f"04_translation/translated/{vendor}/{subject}.nii.gz"
            after = np.stack(
                [
                    picture(seed=1),
                    moved(picture(seed=2), 5)
                    if (vendor, subject) == ("B", "007")
                    else picture(seed=2),
                    picture(),
                ]
            )
            write_image(tmp_path / path, as_stored(after, affine))
            translated.append((f"sim2real_{vendor}", vendor, subject, "ES", "train", path, label))
    for vendor in "AB":
        path = f"03_real_cohort/real_{vendor}.nii.gz"
        write_image(tmp_path / path, as_stored(np.stack([picture(seed=3)] * 2), affine))
        slices.append(("real", vendor, f"R{vendor}", "ES", "train", path, path))
    folder = RunFolder(tmp_path)
    folder.write_manifest("03_real_cohort", pd.DataFrame(columns=SLICE_COLUMNS), "relocated.csv")
    folder.write_manifest(
        "03_real_cohort", pd.DataFrame(slices, columns=SLICE_COLUMNS), "slices.csv"
    )
    folder.write_manifest(
        "04_translation", pd.DataFrame(translated, columns=SLICE_COLUMNS), "translated.csv"
    )
    return folder


def test_every_slice_with_a_heart_is_measured_and_the_one_that_moved_kept_least(run):
    table = keeps_of(run)
    assert (
        list(table.columns) == COLUMNS and len(table) == 8
    )  # 2 subjects, 2 vendors, 2 of 3 slices
    pd.testing.assert_frame_equal(table, run.manifest("04_translation", "keeps.csv"), rtol=1e-8)
    least = table.loc[table["kept"].idxmin()]
    assert (least["vendor"], least["subject"], least["slice"]) == ("B", "007", 1)
    assert least["kept"] < 0.6
    assert len(figures.keeps_figure(table).axes) == 1


def test_worst_slices_are_those_with_the_most_invented(run):
    table = invented_of(run)
    assert list(table.columns) == INVENTED_COLUMNS and len(table) == 12  # 2 x 2 x 3 slices
    pd.testing.assert_frame_equal(table, run.manifest("04_translation", "invented.csv"), rtol=1e-8)
    assert table["invented"].to_numpy() == pytest.approx(table["edges"] + table["reversed"])
    shown = worst(run, table, n=3)
    assert [row["vendor"] for row in shown] == list("AAABBB")
    assert (shown[3]["subject"], shown[3]["slice"]) == ("007", 1)
    np.testing.assert_allclose(shown[3]["after"], moved(picture(seed=2), 5), atol=1e-6)
    sizes = [row["map"].mean() for row in shown[3:]]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 0
    drawn = figures.worst_figure(shown).axes
    rows = ["simulated", "translated", "invented"]
    assert [axes.get_ylabel() for axes in drawn if axes.get_ylabel()] == 2 * rows
    assert len(drawn) == 18
