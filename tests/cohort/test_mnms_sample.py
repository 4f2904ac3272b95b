"""Two genuine cases of the challenge, where a machine has them beside the checkout; they are never
part of the repository."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sim2real.cohort import (
    Grid,
    field_centre,
    from_grid,
    mid_ventricular,
    read_mnms,
    to_grid,
    upright,
)
from sim2real.cohort.check import examine

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "mnms-sample"
pytestmark = pytest.mark.skipif(
    not SAMPLE.is_dir(),
    reason=f"no genuine M&Ms cases at {SAMPLE}; the reader is tested on made ones",
)

LV_ML = {"A": (96, 40), "B": (159, 71)}
RV_ML = {"A": (101, 48), "B": (168, 75)}
"""At ED and ES: voxels of the experts' labels, counted once apart from this project's reader, to
the millilitre."""


@pytest.fixture(scope="module")
def cases():
    return {case.vendor: case for case in read_mnms(SAMPLE)}


@pytest.mark.parametrize("vendor", ["A", "B"])
def test_volumes_of_the_genuine_cases(cases, vendor):
    case = cases[vendor]
    voxel_ml = np.prod(nib.load(case.ed.label).header.get_zooms()[:3]) / 1e3
    for k, phase in enumerate(("ED", "ES")):
        label = case.read(phase)[1].data
        assert (label == 1).sum() * voxel_ml == pytest.approx(LV_ML[vendor][k], abs=0.6)
        assert (label == 3).sum() * voxel_ml == pytest.approx(RV_ML[vendor][k], abs=0.6)


@pytest.mark.parametrize("vendor", ["A", "B"])
def test_genuine_cases_stand_upright_on_the_grid(cases, vendor):
    pairs = [upright(*cases[vendor].read(phase)) for phase in ("ED", "ES")]
    middle = mid_ventricular([label.data for _, label in pairs], 4, vendor)
    assert len(middle) == 4
    for image, label in pairs:
        on_grid = to_grid(label, field_centre(image), Grid(), is_label=True)
        assert np.linalg.det(on_grid.affine[:3, :3]) > 0
        for k in middle:
            lv, rv = (np.argwhere(on_grid.data[:, :, k] == value).mean(axis=0) for value in (1, 3))
            assert rv[0] < lv[0] - 10


@pytest.mark.parametrize("vendor", ["A", "B"])
def test_labels_of_the_genuine_cases_survive_the_way_to_the_grid_and_back(cases, vendor):
    pairs = [upright(*cases[vendor].read(phase)) for phase in ("ED", "ES")]
    middle = mid_ventricular([label.data for _, label in pairs], 4, vendor)
    for image, label in pairs:
        back = from_grid(to_grid(label, field_centre(image), Grid(), is_label=True), label)[
            :, :, middle
        ]
        there = label.data[:, :, middle]
        for value, least in ((1, 0.99), (3, 0.99), (2, 0.98)):
            assert (
                2
                * ((back == value) & (there == value)).sum()
                / ((back == value).sum() + (there == value).sum())
                > least
            )


@pytest.mark.parametrize("vendor", ["A", "B"])
def test_genuine_cases_raise_neither_fault_nor_doubt(cases, vendor):
    found = examine(cases[vendor], 4)
    assert (found.faults, found.reason, found.doubts) == ([], "", [])
