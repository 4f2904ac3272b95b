"""The short axis is found in volumes that are cropped, turned or mirrored, or the reading is
refused."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.data.labels import LV, MYO, RV
from sim2real.population.structures import labels_of
from sim2real.population.xcat.read import read_xcat_subject

made = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).with_name("test_xcat.py")))
)  # test modules have no package to import by
FRAMES = {1: 1.0, 2: 0.8}
HEART = (
    slice(21, 64),
    slice(17, 65),
    slice(20, 68),
)  # neither spine nor liver; 108 mm high, 144 mm wide


def turned_to_the_short_axis():
    """Axes of a volume whose slices run along the LV's axis, from base to apex, as in the public
    MRXCAT example."""
    z = -made.BASE
    x = np.array([z[2], 0, -z[0]])
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def dice(a, b, value):
    a, b = labels_of(a.data) == value, labels_of(b.data) == value
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def assert_same_heart(maps, other):
    """The ventricles' sections are the same; the RV's direction is that of the open phantom's mean,
    217 degrees, not the subject's."""
    assert dice(maps, other, LV) > 0.93 and dice(maps, other, MYO) > 0.9  # voxels of 2.5 and 3 mm
    labels = labels_of(maps.data)
    assert (labels == RV).sum() == pytest.approx((labels_of(other.data) == RV).sum(), rel=0.03)
    to_rv = np.argwhere(labels == RV).mean(axis=0) - np.argwhere(labels == LV).mean(axis=0)
    assert np.degrees(np.arctan2(to_rv[1], to_rv[0])) % 360 == pytest.approx(217, abs=4)
    assert np.linalg.det(maps.affine[:3, :3]) > 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return read_xcat_subject(
        made.write_subject(tmp_path_factory.mktemp("pose") / "s", frames=FRAMES), made.SMALL
    )


def test_volume_cropped_to_the_heart_gives_the_same_slices(tmp_path, whole):
    par = made.write_subject(tmp_path / "s", frames=FRAMES, crop=HEART)
    row, maps = read_xcat_subject(par, made.SMALL)
    assert (whole[0]["pose_found_by"], row["pose_found_by"]) == ("body", "heart")
    assert row["lv_edv_ml"] == pytest.approx(whole[0]["lv_edv_ml"]) and row[
        "rv_esv_ml"
    ] == pytest.approx(whole[0]["rv_esv_ml"])
    assert_same_heart(maps, whole[1])


def test_volume_turned_to_the_short_axis_gives_the_same_slices(tmp_path, whole):
    axes = turned_to_the_short_axis()
    assert np.linalg.det(axes) == pytest.approx(1)
    row, maps = read_xcat_subject(made.write_subject(tmp_path / "s", axes, FRAMES), made.SMALL)
    assert row["pose_found_by"] == "heart" and row["lv_edv_ml"] == pytest.approx(
        whole[0]["lv_edv_ml"], rel=0.01
    )
    assert_same_heart(maps, whole[1])


def test_volume_turned_and_mirrored_is_refused(tmp_path):
    axes = turned_to_the_short_axis() * [-1, 1, 1]
    with pytest.raises(Sim2RealError, match="heart.par: .* the volume is mirrored") as caught:
        read_xcat_subject(made.write_subject(tmp_path / "s", axes, FRAMES), made.SMALL)
    assert made.one_line(caught)


@pytest.mark.parametrize(
    ("crop", "told"),
    [
        ((slice(33, 72), slice(0, 88), slice(0, 88)), "startslice to endslice"),
        ((slice(0, 72), slice(10, 41), slice(34, 65)), "array_size"),
    ],
)
def test_ventricle_cut_off_at_the_edge_is_refused(tmp_path, crop, told):
    with pytest.raises(
        Sim2RealError, match=f"heart.par: the LV's cavity is cut off .* widen {told}"
    ) as caught:
        read_xcat_subject(made.write_subject(tmp_path / "s", frames=FRAMES, crop=crop), made.SMALL)
    assert made.one_line(caught)
