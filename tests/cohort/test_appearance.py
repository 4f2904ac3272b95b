import numpy as np
import pytest

from sim2real.cohort import appearance
from sim2real.metrics import slice_measures
from sim2real.population import (
    STRUCTURE_TABLE,
    Phantom,
    PopulationParameters,
    SlicePlan,
    sample_subject,
)


def test_drawn_label_without_displacement_keeps_areas():
    labels = np.zeros((60, 60, 2), np.uint8)
    labels[10:30, 12:34], labels[30:50, 20:45] = 3, 1
    drawn = appearance.drawn_label(labels, 40, np.zeros((2, 40, 40)))
    for value in (1, 3):
        assert (drawn == value).sum() * 1.5**2 == pytest.approx(
            (labels[..., 0] == value).sum(), rel=0.04
        )


def test_displacement_moves_the_contour():
    labels = np.zeros((60, 60, 1), np.uint8)
    labels[20:40, 20:40] = 1
    drawn = appearance.drawn_label(
        labels, 60, np.stack([np.full((60, 60), 3.0), np.full((60, 60), -2.0)])
    )
    np.testing.assert_allclose(
        np.argwhere(drawn == 1).mean(axis=0), [29.5 - 3, 29.5 + 2], atol=0.05
    )


def test_texture_has_unit_spread_and_neighbours_alike():
    texture = appearance._texture(np.random.default_rng(0), 200)
    assert texture.std() == pytest.approx(1, abs=0.05) and np.abs(texture).max() <= 2.5
    assert np.corrcoef(texture[1:].ravel(), texture[:-1].ravel())[0, 1] > 0.7


def test_every_vendor_names_every_amplitude_and_every_textured_tissue_exists():
    assert (
        set(appearance.VENDOR_LOOKS.columns) == {"A", "B"}
        and appearance.VENDOR_LOOKS.notna().all().all()
    )
    assert set(appearance._TEXTURE) <= set(STRUCTURE_TABLE["tissue"])


@pytest.mark.parametrize("vendor", ["A", "B"])
def test_slices_lie_within_the_range_of_real_ones(vendor):
    """Lowest to highest of the ranges measured in the real sets, widened by a tenth: a guard
    against gross faults, no fit."""
    geometry = PopulationParameters(sub_slices=2, voxel_mm=1.2)
    ranges = {
        "lv_to_myo_intensity": (1.5, 9.3),
        "rv_to_lv_intensity": (0.55, 1.15),
        "lv_sd_to_mean": (0.16, 0.54),
        "spectrum_slope": (-3.5, -2.1),
    }
    found = {name: [] for name in ranges}
    for index in range(2):
        phantom = Phantom(sample_subject(8, index, 1.0))
        maps = phantom.structures(SlicePlan.of(phantom.heart, geometry), ("ED",), geometry)
        image, label = appearance.image_subject(maps, vendor, np.random.default_rng(index))
        for k in range(1, 5):
            measures = slice_measures(
                image.data[:, :, k, 0], label.data[:, :, k, 0], image.spacing_mm[:2]
            )
            for name in ranges:
                found[name].append(measures[name])
    for name, (low, high) in ranges.items():
        assert low - 0.1 * abs(low) < np.median(found[name]) < high + 0.1 * abs(high), name
