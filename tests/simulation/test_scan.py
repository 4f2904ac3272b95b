import numpy as np
import pytest

from sim2real.data.images import Image
from sim2real.population.structures import ID
from sim2real.simulation.parameters import SimulationParameters
from sim2real.simulation.scan import Scan

N = 120


def stack(structure="lv_myocardium"):
    data = np.full((N, N, 2, 1, 1), ID[structure], np.uint8)
    data[:, 70:] = ID["lung"]
    return Image(data, np.array([[1.7, 0, 0, -90], [0, 0, 9, -5], [0, 1.7, 0, -100], [0, 0, 0, 1]]))


def scan_of(structures, **parameters):
    scan = Scan.of(structures, SimulationParameters(**parameters), 5, "someone")
    return scan, scan.at_slice(0, structures.data[:, :, 0, 0])


def test_flip_angles_spread_as_asked_and_twice_as_wide_at_3_tesla():
    spreads = []
    for tesla in (1.5, 3.0):
        everywhere = []
        for seed in range(12):  # the field is smooth: many people, to see its spread
            scan = Scan.of(
                stack(),
                SimulationParameters(field_strength_t=tesla, b1_spread=0.05),
                seed,
                "someone",
            )
            everywhere.append(scan.at_slice(0, stack().data[:, :, 0, 0]).flip_excess)
        spreads.append(np.sqrt(np.mean(np.square(everywhere))))
    assert spreads[0] == pytest.approx(0.05, rel=0.25)
    assert spreads[1] == pytest.approx(2 * spreads[0], rel=1e-3)


def test_off_resonance_is_the_sum_of_its_smooth_part_and_of_the_susceptibility():
    slab = stack().data[:, :, 0, 0]
    both, smooth, dipoles = (
        scan.off_resonance_hz(slab, state)
        for scan, state in (
            scan_of(stack(), off_resonance_hz=20.0),
            scan_of(stack(), off_resonance_hz=20.0, susceptibility_scale=0.0),
            scan_of(stack(), off_resonance_hz=0.0),
        )
    )
    np.testing.assert_allclose(both, smooth + dipoles, atol=1e-3)
    state = scan_of(stack(), off_resonance_hz=0.0)[1]
    np.testing.assert_allclose(dipoles, state.susceptibility(slab), atol=1e-3)
    assert smooth.std() > 3 and dipoles.std() > 3


def test_muscle_varies_from_place_to_place_and_blood_does_not():
    calm = {
        "b1_spread": 0.0,
        "off_resonance_hz": 0.0,
        "susceptibility_scale": 0.0,
        "tissue_variation": 0.1,
        "tissue_variation_mm": 5.0,
    }
    for structure, varies in (("lv_myocardium", True), ("lv_blood", False)):
        structures = stack(structure)
        scan, state = scan_of(structures, **calm)
        signal = np.abs(scan.magnetisation(structures.data[:, :, 0, 0], state))[:, :70]
        if varies:
            assert 0.05 < signal.std() / signal.mean() < 0.25
            neighbour, away = (
                np.corrcoef(signal[:-d].ravel(), signal[d:].ravel())[0, 1] for d in (1, 12)
            )
            assert (
                neighbour > 0.9 and abs(away) < 0.5
            )  # smooth over 5 mm, that is 3 voxels, independent over 20 mm
        else:
            assert np.ptp(signal) < 1e-6 * signal.mean()


def test_tissue_varies_anew_from_slice_to_slice_and_stays_through_the_phases():
    scan, first = scan_of(stack(), tissue_variation=0.1)
    again, second = (scan.at_slice(k, stack().data[:, :, k, 0]).variation for k in (0, 1))
    np.testing.assert_array_equal(first.variation, again)
    assert abs(np.corrcoef(again[0].ravel(), second[0].ravel())[0, 1]) < 0.2
    assert (
        abs(np.corrcoef(again[0].ravel(), again[1].ravel())[0, 1]) < 0.2
    )  # T1 and T2 vary for themselves


def test_the_coils_stand_round_the_middle_of_the_stack():
    structures = stack()
    scan, _ = scan_of(structures)
    corners = np.argwhere(np.ones((2, 2, 2))) * (np.array(structures.data.shape[:3]) - 1)
    np.testing.assert_allclose(
        scan.coils.middle,
        (corners @ structures.affine[:3, :3].T + structures.affine[:3, 3]).mean(axis=0),
    )


@pytest.mark.parametrize("roll", [0.0, 0.5])
def test_the_chest_moves_from_feet_to_head_as_far_as_is_asked(roll):
    """Of a slice that holds the body's axis; turned in its plane, the motion turns with it."""
    x, y = np.array([1.7, 0, 0]), np.array([0, 0, 1.7])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = (
        np.cos(roll) * x + np.sin(roll) * y,
        np.cos(roll) * y - np.sin(roll) * x,
    )
    affine[:3, 2] = [0, 9, 0]
    scan, _ = scan_of(Image(stack().data, affine), breathing_mm=3.0)
    moved = affine[:3, :2] / 1.7 @ scan.breathing(0, 0)["amplitude"]
    np.testing.assert_allclose(moved, [0, 0, 3], atol=1e-9)


def test_a_scan_takes_three_to_seven_breaths():
    scan, _ = scan_of(stack(), breathing_mm=3.0)
    cycles = [scan.breathing(k, p)["cycles"] for k in range(20) for p in range(20)]
    assert 3 <= min(cycles) < 3.2 and 6.8 < max(cycles) <= 7
