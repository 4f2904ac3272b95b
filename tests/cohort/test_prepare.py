import shutil

import numpy as np
import pandas as pd
import pytest

from sim2real.cohort import (
    Case,
    Cohort,
    CohortParameters,
    from_grid,
    prepare_randomised,
    prepare_real,
    prepare_relocated,
    prepare_simulated,
    read_mnms,
    survey_mnms,
    unlabelled_images,
)
from sim2real.cohort.stage import cut_hearts, measures_path
from sim2real.cohort.summary import located
from sim2real.data import (
    SLICE_COLUMNS,
    Image,
    RunFolder,
    Sim2RealError,
    load_slices,
    read_image,
    read_labels,
    write_image,
)
from sim2real.metrics import SLICE_MEASURES
from sim2real.population import PopulationParameters, make_population
from sim2real.simulation import SimulationParameters, simulate_population

PARAMETERS = CohortParameters(grid_pixels=112, pixel_size_mm=1.4)


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


def test_real_images_come_onto_the_grid_with_their_labels(surrogate, tmp_path):
    run, cohort = RunFolder(tmp_path), survey_mnms(surrogate)
    cases = cohort.cases
    table = prepare_real(run, cohort, PARAMETERS)
    assert list(table.columns) == SLICE_COLUMNS and len(table) == 2 * len(cases)
    images, labels = load_slices(tmp_path, table), load_slices(tmp_path, table, "label")
    assert images.shape == labels.shape == (8 * len(cases), 112, 112)
    assert images.min() == 0 and images.max() == 1
    assert all(set(np.unique(label)) == {0, 1, 2, 3} for label in labels)
    lv, rv = (
        np.array([np.argwhere(label == value)[:, 1].mean() for label in labels]) for value in (1, 3)
    )
    assert (rv < lv).all()  # columns: the viewer's left
    bright = np.array(
        [
            image[label == 1].mean() / image[label == 2].mean()
            for image, label in zip(images, labels, strict=True)
        ]
    )
    assert np.median(bright) > 1.5  # image and label lie on each other


def dice(a, b, value):
    return 2 * ((a == value) & (b == value)).sum() / ((a == value).sum() + (b == value).sum())


def test_labels_on_disk_carried_back_to_their_source_lose_next_to_nothing(surrogate, tmp_path):
    """Files at the default grid, against the files they came from, both read anew; one pixel off,
    or one slice, and this fails."""
    cases = {case.subject: case for case in read_mnms(surrogate)}
    table = prepare_real(RunFolder(tmp_path), Cohort(list(cases.values())), CohortParameters())
    for row in table.to_dict("records"):
        on_grid, source = (
            read_labels(tmp_path / row["label"]),
            cases[row["subject"]].read(row["phase"])[1],
        )
        np.testing.assert_allclose(read_image(tmp_path / row["image"]).affine, on_grid.affine)
        back = from_grid(on_grid, source)
        middle = np.flatnonzero(back.any(axis=(0, 1)))
        assert len(middle) == 4
        for value in (1, 2, 3):
            assert dice(back[:, :, middle], source.data[:, :, middle], value) > 0.98, row


OBLIQUE = np.array(
    [[-1.2, -1.1, 4.9, 30], [0.3, -1.6, -5.6, 12], [1.8, -1.0, 5.2, -44], [0, 0, 0, 1.0]]
)
SKEWED = OBLIQUE + np.array([[0.1, 0, 0.5, 0], [0, -0.2, 0, 0], [0, 0.1, 0, 0], [0, 0, 0, 0]])
STORED = {
    "oblique": (OBLIQUE, [0, 1, 2], ()),
    "not orthonormal": (SKEWED, [0, 1, 2], ()),
    "flipped in plane": (OBLIQUE, [0, 1, 2], (0,)),
    "apex and base exchanged": (SKEWED, [0, 1, 2], (2,)),
    "axes exchanged": (SKEWED, [1, 0, 2], (1,)),
    "slices first": (OBLIQUE, [2, 0, 1], (0, 2)),
}


@pytest.mark.parametrize(("affine", "axes", "flips"), STORED.values(), ids=STORED)
def test_a_landmark_stays_at_its_place_in_the_world(builder, tmp_path_factory, affine, axes, flips):
    """Intensity is the squared distance from a point of the world: a fit to the written file must
    find that point again."""
    shape, point = (61, 54, 6), np.array([-20.0, -35.0, 10.0])
    index = np.stack([*np.meshgrid(*map(np.arange, shape), indexing="ij"), np.ones(shape)])
    world = np.tensordot(affine, index, 1)[:3]
    image = (((world - point[:, None, None, None]) ** 2).sum(axis=0)).astype(np.float32)
    label = np.zeros(shape, np.uint8)
    label[20:28, 20:34], label[28:30, 20:34], label[30:38, 22:32] = 3, 2, 1
    affine = affine[:, [*axes, 3]].copy()
    image, label = (np.flip(data.transpose(axes), flips) for data in (image, label))
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (image.shape[axis] - 1)
        affine[:3, axis] *= -1
    builder.whole().sheet()
    for end, data in (("", image), ("_gt", label)):
        builder.save("A1", end, np.stack([data] * 3, axis=3), affine)
    run = tmp_path_factory.mktemp("run")
    parameters = CohortParameters(grid_pixels=64, low_percentile=0, high_percentile=100)
    row = prepare_real(RunFolder(run), Cohort(read_mnms(builder.root)[:1]), parameters).iloc[0]
    found = read_image(run / row["image"])
    index = np.stack(
        [*np.meshgrid(*map(np.arange, found.data.shape), indexing="ij"), np.ones(found.data.shape)]
    )
    at = np.tensordot(found.affine, index, 1)[:3].reshape(3, -1)
    terms = np.stack([np.ones(at.shape[1]), *at, (at**2).sum(axis=0)], axis=1)
    _, *linear, square = np.linalg.lstsq(terms, found.data.ravel().astype(float), rcond=None)[0]
    np.testing.assert_allclose(np.array(linear) / (-2 * square), point, atol=0.02)


def too_short(builder, code):
    """The label of a subject shortened to three slices."""
    label = builder.arrays()[1]
    label[:, :, 1] = 0
    builder.save(code, "_gt", label)


def test_subject_with_too_few_slices_is_left_out_counted_and_named(
    builder, tmp_path_factory, capsys
):
    run = RunFolder(tmp_path_factory.mktemp("run"))
    builder.whole().add("007").add("B3", vendor="B").sheet()
    too_short(builder, "007")
    shutil.rmtree(builder.path("B3").parent)
    for _ in range(2):  # the second time from what lies there
        table = prepare_real(run, survey_mnms(builder.root), CohortParameters(grid_pixels=64))
        assert sorted(set(table["subject"])) == ["A1", "A2", "B1", "B2"]
        left_out = run.manifest("03_real_cohort", "left_out.csv")
        assert left_out.to_dict("records") == [
            {
                "subject": "B3",
                "vendor": "B",
                "split": "",
                "reason": "listed in the sheet, but without a folder",
            },
            {
                "subject": "007",
                "vendor": "A",
                "split": "train",
                "reason": (
                    "3 neighbouring slices hold LV, MYO and RV at both phases; expected at least 4"
                ),
            },
        ]
        assert (
            capsys.readouterr().out
            == "2 subjects left out, named with the reason in left_out.csv\n"
        )


def test_measures_are_those_of_the_source_before_its_normalisation(builder, tmp_path_factory):
    """Two intensities known from the file: blood of 900 and muscle of 300 at ED are 3 to 1, which
    percentiles would move."""
    run = tmp_path_factory.mktemp("run")
    image, label = builder.whole().arrays(0, 2, (60, 51, 6, 3))
    image[:] = np.random.default_rng(0).integers(100, 140, image.shape)
    image[label == 1], image[label == 2], image[label == 3] = 900, 300, 450
    for end, data in (("", image), ("_gt", label)):
        builder.save("A1", end, data, np.diag([2.4, 2.4, 12, 1]))
    row = prepare_real(
        RunFolder(run),
        Cohort(read_mnms(builder.sheet())[:1]),
        CohortParameters(crop_centre="heart", low_percentile=40),
    ).iloc[0]
    measured = pd.read_csv(run / measures_path(row["image"]))
    assert len(measured) == 4 and list(measured) == list(SLICE_MEASURES)
    np.testing.assert_allclose(measured["lv_to_myo_intensity"], 3, rtol=0.02)
    np.testing.assert_allclose(measured["rv_to_lv_intensity"], 0.5, rtol=1e-6)
    np.testing.assert_allclose(
        measured["rv_to_lv_area"], 2.5, rtol=0.05
    )  # 5 x 6 against 4 x 3 of the coarse pixels


def test_a_split_that_nobody_is_left_of_stops_the_run(builder, tmp_path_factory, refusal):
    builder.whole().add("A3").sheet()
    for code in ("A1", "A3"):
        too_short(builder, code)
    run = RunFolder(tmp_path_factory.mktemp("run"))
    told = refusal(
        lambda: prepare_real(run, survey_mnms(builder.root), CohortParameters(grid_pixels=64))
    )
    assert (
        "all 2 subjects of vendor A in split 'train' are left out" in told
        and "left_out.csv" in told
    )
    assert list(run.manifest("03_real_cohort", "left_out.csv")["subject"]) == ["A1", "A3"]


def test_both_phases_are_turned_alike(builder, tmp_path_factory):
    """At ES the RV of this label lies on the other side, as that of a nearly empty RV may by
    chance."""
    run = tmp_path_factory.mktemp("run")
    builder.whole().sheet()
    label = builder.arrays()[1]
    label[..., 2] = np.flip(label[..., 0], 0)
    builder.save("A1", "_gt", label)
    rows = prepare_real(
        RunFolder(run), Cohort(read_mnms(builder.root)[:1]), CohortParameters(grid_pixels=64)
    )
    affines = [read_labels(run / path).affine for path in rows["label"]]
    np.testing.assert_array_equal(affines[0], affines[1])


@pytest.mark.parametrize(("rule", "centred"), [("field", False), ("heart", True)])
def test_crop_of_a_real_image_follows_its_rule(builder, tmp_path_factory, rule, centred):
    run = tmp_path_factory.mktemp("run")
    builder.whole().sheet()  # the hearts lie 3 pixels off the middle of the field
    rows = prepare_real(
        RunFolder(run),
        Cohort(read_mnms(builder.root)[:1]),
        CohortParameters(grid_pixels=128, crop_centre=rule),
    )
    box = np.argwhere(load_slices(run, rows, "label").any(axis=0))
    off = np.abs((box.min(axis=0) + box.max(axis=0)) / 2 - 63.5).max()
    assert (off < 1) == centred and (off > 8) != centred


def test_second_call_reads_and_writes_nothing_and_another_grid_starts_afresh(surrogate, tmp_path):
    run, cases = RunFolder(tmp_path), Cohort(read_mnms(surrogate)[:1])
    table = prepare_real(run, cases, PARAMETERS)
    paths = [tmp_path / path for path in (*table["image"], *table["label"])]
    before = [path.stat().st_mtime_ns for path in paths]
    prepare_real(run, cases, PARAMETERS)
    assert before == [path.stat().st_mtime_ns for path in paths]
    prepare_real(run, cases, CohortParameters(grid_pixels=96))
    assert read_image(paths[0]).data.shape == (96, 96, 4)


def test_simulated_images_come_onto_the_same_grid_centred_on_the_heart(tmp_path):
    run = RunFolder(tmp_path)
    make_population(
        run, PopulationParameters(n_subjects=2, voxel_mm=1.6, field_of_view_mm=224, sub_slices=1), 3
    )
    manifest = simulate_population(run, SimulationParameters(n_coils=2), 3)
    stamps = [(tmp_path / path).stat().st_mtime_ns for path in manifest["image"]]
    simulate_population(run, SimulationParameters(n_coils=2), 3)
    assert stamps == [(tmp_path / path).stat().st_mtime_ns for path in manifest["image"]]
    table, left_out = prepare_simulated(run, PARAMETERS)
    assert left_out == []
    labels = load_slices(tmp_path, table, "label")
    assert (
        set(table["domain"]) == {"simulated"}
        and set(table["split"]) == {"train"}
        and labels.shape == (16, 112, 112)
    )
    boxes = [np.argwhere((labels[8 * s : 8 * s + 8] > 0).any(axis=0)) for s in range(2)]
    for box in boxes:
        # all slices of the stack count for the box, the four shown ones nearly fill it
        assert np.abs((box.min(axis=0) + box.max(axis=0)) / 2 - 55.5).max() < 6


def test_draws_of_random_contrast_share_their_anatomy_with_the_simulated_images(tmp_path):
    run = RunFolder(tmp_path)
    make_population(
        run, PopulationParameters(n_subjects=2, voxel_mm=1.6, field_of_view_mm=224, sub_slices=1), 3
    )
    simulate_population(run, SimulationParameters(n_coils=2), 3)
    simulated = prepare_simulated(run, PARAMETERS)[0][:2]
    table = prepare_randomised(run, PARAMETERS, 3, "A9_study")[:6]
    subject = simulated["subject"][0]
    assert list(table["subject"][::2]) == [f"{subject}-{draw}" for draw in range(3)]
    assert set(table["domain"]) == {"randomised"} and set(table["split"]) == {"train"}
    images, labels = load_slices(tmp_path, table), load_slices(tmp_path, table, "label")
    for draw in range(3):
        here = slice(8 * draw, 8 * draw + 8)
        for value in (1, 2, 3):  # the simulator's own sampling moves a border by a part of a pixel
            assert dice(labels[here], load_slices(tmp_path, simulated, "label"), value) > 0.93
    ratios = [
        images[8 * draw][labels[0] == 1].mean() / images[8 * draw][labels[0] == 2].mean()
        for draw in range(3)
    ]
    assert np.ptp(ratios) > 0.1  # another contrast each


def test_a_virtual_subject_with_too_few_slices_is_left_out_and_named(tmp_path):
    run = RunFolder(tmp_path)
    make_population(
        run, PopulationParameters(n_subjects=2, voxel_mm=1.6, field_of_view_mm=224, sub_slices=1), 3
    )
    manifest = simulate_population(run, SimulationParameters(n_coils=2), 3)
    label = read_labels(tmp_path / manifest["label"][1])
    label.data[:, :, 2][label.data[:, :, 2] == 3] = 0
    write_image(tmp_path / manifest["label"][1], label)
    table, left_out = prepare_simulated(run, PARAMETERS)
    assert set(table["subject"]) == {manifest["subject"][0]} and len(table) == 2
    reason = "3 neighbouring slices hold LV, MYO and RV at both phases; expected at least 4"
    assert [vars(item) for item in left_out] == [
        {"subject": manifest["subject"][1], "vendor": "", "split": "train", "reason": reason}
    ]
    with pytest.raises(
        Sim2RealError, match="all 2 virtual subjects are left out .* lower cohort.n_slices"
    ):
        prepare_simulated(run, CohortParameters(n_slices=7))


def test_a_heart_that_the_grid_cuts_is_named(surrogate, tmp_path):
    run, cohort = RunFolder(tmp_path), survey_mnms(surrogate)
    assert cut_hearts(tmp_path, prepare_real(run, cohort, PARAMETERS)) == []
    table = prepare_real(run, cohort, CohortParameters(grid_pixels=64, crop_centre="heart"))
    wide = {
        row["subject"]
        for row in table.to_dict("records")
        if max(extent_mm(read_labels(tmp_path / row["label"]))) > 79
    }
    assert set(cut_hearts(tmp_path, table)) == wide and wide


def extent_mm(label):
    """Of the box round the labels, along x and y."""
    return [
        np.ptp(np.flatnonzero(label.data.any(axis=(1 - axis, 2)))) * label.spacing_mm[axis]
        + label.spacing_mm[axis]
        for axis in (0, 1)
    ]


@pytest.fixture
def displaced(surrogate, monkeypatch):
    """Both splits' first subjects, and a way to displace what their labels say by nine voxels."""
    cases = {case.split: case for case in read_mnms(surrogate) if case.vendor == "B"}
    read_label = Case.read_label

    def displace():
        rolled = lambda label: Image(np.roll(label.data, 9, axis=(0, 1)), label.affine)
        monkeypatch.setattr(Case, "read_label", lambda *a: rolled(read_label(*a)))

    return Cohort([cases["train"], cases["test"]]), displace


def test_a_test_image_is_located_without_its_label_and_a_training_image_with_it(
    displaced, tmp_path
):
    cohort, displace = displaced
    parameters = CohortParameters(crop_centre="heart")
    before = prepare_real(RunFolder(tmp_path / "a"), cohort, parameters).set_index("split")
    displace()
    after = prepare_real(RunFolder(tmp_path / "b"), cohort, parameters).set_index("split")
    for split, alike in (("train", False), ("test", True)):
        stacks = [
            load_slices(tmp_path / run, rows.loc[[split]])
            for run, rows in (("a", before), ("b", after))
        ]
        assert np.array_equal(*stacks) == alike


def test_images_whose_hearts_must_be_found_are_made_the_other_way_too(displaced, tmp_path):
    cohort, displace = displaced
    run, heart = RunFolder(tmp_path), CohortParameters(crop_centre="heart")
    again = {d: prepare_relocated(run, cohort, heart, d) for d in ("unlabelled", "oracle")}
    assert {d: set(table["split"]) for d, table in again.items()} == {
        "unlabelled": {"train"},
        "oracle": {"test"},
    }
    label = load_slices(tmp_path, again["oracle"], "label")
    unlabelled = load_slices(tmp_path, again["unlabelled"])
    box = np.argwhere(label.any(axis=0))
    # the box of the whole stack's labels is in the middle; that of four slices nearly
    assert np.abs((box.min(axis=0) + box.max(axis=0)) / 2 - 63.5).max() < 6
    for domain in again:  # headers that tell and the middle of the field: nothing to be found
        assert prepare_relocated(run, cohort, CohortParameters(crop_centre="field"), domain).empty
    displace()
    other = prepare_relocated(RunFolder(tmp_path / "b"), cohort, heart, "unlabelled")
    np.testing.assert_array_equal(unlabelled, load_slices(tmp_path / "b", other))


def test_how_far_off_hearts_were_found_is_told(displaced, tmp_path):
    """The labels displaced by nine voxels along both axes: the finder, which sees the image alone,
    is off by that."""
    cohort, displace = displaced
    run, parameters = RunFolder(tmp_path), CohortParameters(crop_centre="heart")
    slices = prepare_real(run, cohort, parameters)

    def told():
        rows = prepare_relocated(run, cohort, parameters, "oracle")
        run.write_manifest("03_real_cohort", rows, "relocated.csv")
        return located(run, slices)

    assert told()["n_found"] == 1 and told()["found_off_mm"] < 15
    assert told()["n_turned_otherwise"] == 0
    displace()
    shutil.rmtree(tmp_path / "03_real_cohort" / "slices" / "oracle")
    step = 9 * cohort.cases[1].read("ED")[0].spacing_mm[:2]
    assert told()["found_off_most_mm"] == pytest.approx(np.hypot(*step), abs=15)


def test_what_learns_without_labels_gets_the_images_that_were_located_without(displaced, tmp_path):
    cohort, _ = displaced
    run = RunFolder(tmp_path)
    rows = {}
    for name, crop in (("field", "field"), ("heart", "heart")):
        parameters = CohortParameters(crop_centre=crop)
        run.write_manifest("03_real_cohort", prepare_real(run, cohort, parameters), "slices.csv")
        found = prepare_relocated(run, cohort, parameters, "unlabelled")
        run.write_manifest("03_real_cohort", found, "relocated.csv")
        rows[name] = unlabelled_images(run, "B")
    assert set(rows["field"]["domain"]) == {"real"} and len(rows["field"]) == 2
    assert set(rows["heart"]["domain"]) == {"unlabelled"} and len(rows["heart"]) == 2
    assert unlabelled_images(run, "A").empty
