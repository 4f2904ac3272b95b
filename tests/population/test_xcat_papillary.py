"""Papillary muscle drawn as wall is cavity in the labels and muscle in the image."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sim2real.data.labels import LV
from sim2real.population.structures import ID, labels_of
from sim2real.population.xcat.papillary import mark_papillary
from sim2real.population.xcat.read import read_xcat_subject

made = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).with_name("test_xcat.py")))
)  # test modules have no package to import by
FRAMES = {1: 1.0, 2: 0.8}
MUSCLES = (
    (130, 13, 6),
    (240, 14, 6),
)  # angle from the septum in degrees, distance from the axis and radius in mm


def ring(radius, pixel, extent=80.0):
    axis = np.arange(-extent / 2, extent / 2, pixel)
    x, y = np.meshgrid(axis, axis[:-4], indexing="ij")
    r = np.hypot(x, y)
    section = np.where(
        r < radius, ID["lv_blood"], np.where(r < radius + 8, ID["lv_myocardium"], ID["lung"])
    ).astype(np.uint8)
    return section, x, y


@pytest.mark.parametrize("pixel", [0.7, 1.0, 1.5])
def test_columns_at_the_wall_and_in_the_blood_are_found(pixel):
    section, x, y = ring(25, pixel)
    columns = (
        (np.hypot(x - 16, y) < 5) | (np.hypot(x + 14, y + 15) < 6) | (np.hypot(x + 5, y - 10) < 1.2)
    )  # free, grown to the wall, a chord
    wanted = columns & (section == ID["lv_blood"])
    section[wanted] = ID["lv_myocardium"]
    mark_papillary(section, pixel)
    found = section == ID["papillary_muscle"]
    assert found[np.hypot(x + 5, y - 10) < 1.2].all()
    assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.93
    assert (section == ID["lv_blood"]).sum() + found.sum() == pytest.approx(
        (np.hypot(x, y) < 25).sum(), rel=0.02
    )


@pytest.mark.parametrize("pixel", [0.7, 1.0, 1.5])
def test_a_smooth_wall_stays_wall(pixel):
    section, x, y = ring(25, pixel)
    before = section.copy()
    mark_papillary(section, pixel)
    assert (section != before).sum() < 0.002 * (before == ID["lv_myocardium"]).sum()


@pytest.mark.parametrize(
    "blood", [[], [(3, 4)], [(3, 4), (3, 5), (3, 6)], [(2, 2), (3, 3), (4, 4)]]
)
def test_too_little_blood_for_an_outline_changes_nothing(blood):
    section = np.full((9, 8), ID["lv_myocardium"], np.uint8)
    for place in blood:
        section[place] = ID["lv_blood"]
    before = section.copy()
    mark_papillary(section, 1.0)
    np.testing.assert_array_equal(section, before)


def test_flag_decides_and_labels_follow_the_observers(tmp_path):
    plain_row, plain = read_xcat_subject(
        made.write_subject(tmp_path / "a", frames=FRAMES), made.SMALL
    )
    drawn = made.write_subject(tmp_path / "b", frames=FRAMES, muscles=MUSCLES)
    row, maps = read_xcat_subject(drawn, made.SMALL)
    assert (maps.data == ID["papillary_muscle"]).any() and not (
        plain.data == ID["papillary_muscle"]
    ).any()
    cavity, same = labels_of(plain.data) == LV, labels_of(maps.data) == LV
    assert 2 * (cavity & same).sum() / (cavity.sum() + same.sum()) > 0.95  # voxels of 2.5 and 3 mm
    millilitres = 2 * np.pi * 6**2 * 40 / 1e3  # two columns of 40 mm
    assert (
        row["papillary_ml"] == pytest.approx(millilitres, rel=0.2)
        and plain_row["papillary_ml"] == 0
    )
    for name in ("lv_edv_ml", "lv_esv_ml", "lv_mass_g"):
        assert row[name] == pytest.approx(plain_row[name], rel=0.02)
    bare = made.write_subject(
        tmp_path / "c", frames=FRAMES, muscles=((0, 300, 1),)
    )  # the flag alone, no muscle within the heart
    assert read_xcat_subject(bare, made.SMALL)[0]["papillary_ml"] < 0.1
    drawn.write_text(drawn.read_text().replace("papillary_flag = 1", "papillary_flag = 0"))
    assert not (read_xcat_subject(drawn, made.SMALL)[1].data == ID["papillary_muscle"]).any()
