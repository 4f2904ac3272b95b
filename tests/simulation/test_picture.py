"""The map that the page computes an image of: cut, packed and put on the grid of pixels. Its image
is held against the package's signal in ``tests/book/test_moving.py``."""

import json
import re

import numpy as np
import pytest

from sim2real.data import Image, RunFolder, write_image
from sim2real.population import ID
from sim2real.simulation import SimulationParameters
from sim2real.simulation.picture import (
    image_of,
    middle_slab,
    picture_html,
    runs_of,
    tissue_rows,
)


def structures() -> Image:
    """A ventricle 20 voxels long and 10 high, a bar of fat on its anterior side; in the middle of
    three slices alone, in the second phase nowhere."""
    maps = np.full((120, 120, 3, 2, 3), ID["lung"], np.uint8)
    maps[50:70, 60:70, 1, 0] = ID["lv_blood"]
    maps[50:70, 57:60, 1, 0] = ID["mediastinal_fat"]
    maps[50:70, 60:70, 1, 0, 2] = ID["left_atrium"]  # another structure of the same tissue
    return Image(maps, np.diag([2.0, 2.0, 8.0, 1.0]))


def test_the_middle_slice_stands_upright_about_the_heart():
    slab = middle_slab(structures())
    fat, blood = (np.argwhere(slab[..., 0] == ID[name]) for name in ("mediastinal_fat", "lv_blood"))
    assert slab.shape[2] == 3 and np.ptp(blood, axis=0).tolist() == [9, 19]
    assert fat[:, 0].max() == blood[:, 0].min() - 1
    middle = (blood.min(axis=0) + blood.max(axis=0)) / 2
    assert (np.abs(middle - (np.array(slab.shape[:2]) - 1) / 2) <= 1).all()


def test_the_page_s_map_unpacks_to_the_tissues(tmp_path):
    run = RunFolder(tmp_path)
    write_image(run.chapter("01_virtual_population") / "cine.nii.gz", structures())
    page = picture_html(run, SimulationParameters(acquired_pixel_mm=4.0), "calculator", "a slice")
    given = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    places = np.repeat(given["runs"][::2], given["runs"][1::2])
    tissues = np.array(given["mixtures"])[places].reshape(given["rows"], given["columns"], 3)
    slab = middle_slab(structures())
    times = np.array([row["t1_ms"] for row in given["fields"]["1.5"]])[tissues]
    assert (times[slab == ID["lung"]] == 1112).all()
    assert (times[slab == ID["mediastinal_fat"]] == 312).all()
    assert (times[np.isin(slab, [ID["lv_blood"], ID["left_atrium"]])] == 1441).all()
    assert len(given["mixtures"]) == 3 and given["voxels"] == 2


def test_runs_are_of_equal_neighbours_row_by_row():
    assert runs_of(np.array([[4, 4, 4], [4, 0, 2]])) == [4, 4, 0, 1, 2, 1]


def test_fat_alone_is_shifted_and_more_at_the_higher_field():
    shifts = [
        [row["shift_hz"] for row in tissue_rows([ID["liver"], ID["subcutaneous_fat"]], field)]
        for field in (1.5, 3.0)
    ]
    assert shifts == [[0, pytest.approx(-217.1, abs=0.1)], [0, pytest.approx(-434.3, abs=0.1)]]


def test_fat_and_water_in_one_pixel_cancel():
    rows = tissue_rows([ID["lv_blood"], ID["epicardial_fat"]], 1.5)
    slab = np.array([[[0, 0], [0, 1], [1, 1]]])
    blood, both, fat = image_of(slab, rows, 1, 60, 3.0)[0]
    assert both < 0.2 * min(blood, fat)
