import time

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance
from scipy.ndimage import distance_transform_edt, gaussian_filter

from sim2real.metrics import dice, distances_mm, hausdorff_2d_mm, hausdorff_mm
from sim2real.metrics.overlap import surface

SHAPE, SPACING = (4, 17, 23), (9.0, 1.5, 0.8)


def random_mask(rng: np.random.Generator, shape=SHAPE) -> np.ndarray:
    """Blobs with holes and islands, some of them at the border of the grid."""
    field = gaussian_filter(rng.normal(size=shape), (0.4, 1.5, 2.0))
    return field > np.quantile(field, rng.uniform(0.6, 0.95))


def by_all_pairs(one: np.ndarray, other: np.ndarray, spacing) -> dict[str, float]:
    """Surfaces by looking at each pixel's neighbours in a loop, distances by all pairs."""
    points = []
    for mask in (one, other):
        found = []
        for place in np.argwhere(mask):
            beside = [
                place + sign * step for step in np.eye(mask.ndim, dtype=int) for sign in (-1, 1)
            ]
            if any(
                (spot < 0).any() or (spot >= mask.shape).any() or not mask[tuple(spot)]
                for spot in beside
            ):
                found.append(place * np.array(spacing))
        points.append(np.array(found))
    table = np.sqrt(((points[0][:, None] - points[1][None]) ** 2).sum(axis=2))
    to, fro = np.sort(table.min(axis=1)), np.sort(table.min(axis=0))
    percentile = max(
        np.interp(0.95 * (len(part) - 1), np.arange(len(part)), part) for part in (to, fro)
    )
    return {
        "hd_mm": max(to[-1], fro[-1]),
        "hd95_mm": percentile,
        "assd_mm": (to.sum() + fro.sum()) / (len(to) + len(fro)),
    }


@pytest.mark.parametrize("seed", range(8))
def test_all_distances_agree_with_all_pairs_to_a_millionth_of_a_millimetre(seed):
    rng = np.random.default_rng(seed)
    spacing = rng.uniform(0.6, 10, 3)
    one, other = random_mask(rng), random_mask(rng)
    found, expected = distances_mm(one, other, spacing), by_all_pairs(one, other, spacing)
    assert found.keys() == expected.keys()
    assert all(abs(found[name] - expected[name]) < 1e-6 for name in expected)
    assert found["assd_mm"] < found["hd95_mm"] <= found["hd_mm"]


@pytest.mark.parametrize("seed", range(4))
def test_all_distances_agree_with_distance_transforms(seed):
    rng = np.random.default_rng(100 + seed)
    one, other = random_mask(rng), random_mask(rng)
    to, fro = (
        distance_transform_edt(~surface(b), sampling=SPACING)[surface(a)]
        for a, b in ((one, other), (other, one))
    )
    expected = {
        "hd_mm": max(to.max(), fro.max()),
        "assd_mm": np.mean([*to, *fro]),
        "hd95_mm": max(np.quantile(to, 0.95), np.quantile(fro, 0.95)),
    }
    assert distances_mm(one, other, SPACING) == pytest.approx(expected, abs=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_all_measures_agree_with_monai(seed):
    """MONAI keeps single precision: to a part in a hundred thousand."""
    rng = np.random.default_rng(200 + seed)
    one, other = random_mask(rng), random_mask(rng)
    pair = [torch.from_numpy(mask[None, None].astype(np.float32)) for mask in (one, other)]
    settings = {"include_background": True, "spacing": list(SPACING)}
    expected = {
        "hd_mm": float(compute_hausdorff_distance(*pair, **settings)),
        "hd95_mm": float(compute_hausdorff_distance(*pair, percentile=95, **settings)),
        "assd_mm": float(compute_average_surface_distance(*pair, symmetric=True, **settings)),
    }
    assert distances_mm(one, other, SPACING) == pytest.approx(expected, rel=1e-5)
    assert dice(one, other) == pytest.approx(float(compute_dice(*pair)), abs=1e-6)


def test_hd95_is_the_larger_of_the_two_directed_percentiles_and_not_that_of_all_together():
    """A line of 50 pixels and 3 of them alone: the short one's distances are all 0, the long one's
    reach 47."""
    long, short = np.zeros((1, 1, 50), bool), np.zeros((1, 1, 50), bool)
    long[...], short[..., :3] = True, True
    found = distances_mm(long, short, (1, 1, 1))
    directed = [0, 0, 0, *range(1, 48)]
    assert (
        found["hd95_mm"]
        == pytest.approx(np.percentile(directed, 95))
        != np.percentile([0, 0, 0, *directed], 95)
    )
    assert found["assd_mm"] == pytest.approx(sum(directed) / 53)


def test_hausdorff_in_2d_is_the_mean_over_the_slices_that_hold_the_structure():
    one, other = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    one[0, 5, 5:9], other[0, 8, 5:9] = True, True  # three rows apart
    one[1, 5, 5:9], other[1, 5, 5:14] = True, True  # five columns longer
    assert hausdorff_2d_mm(one, other, SPACING) == (pytest.approx((3 * 1.5 + 5 * 0.8) / 2), 0)
    other[2, 5, 5] = True  # in one mask alone: the slice's diagonal
    diagonal = ((17 * 1.5) ** 2 + (23 * 0.8) ** 2) ** 0.5
    assert hausdorff_2d_mm(one, other, SPACING) == (pytest.approx((4.5 + 4 + diagonal) / 3), 1)
    assert distances_mm(one, other, SPACING)["hd_mm"] < diagonal  # in 3D the slice beside is near


def test_planted_neglect_of_the_spacing_is_seen():
    rng = np.random.default_rng(7)
    one, other = random_mask(rng), random_mask(rng)
    right, wrong = distances_mm(one, other, SPACING), distances_mm(one, other, (1, 1, 1))
    assert all(abs(right[name] - wrong[name]) > 0.1 for name in right)


@pytest.mark.parametrize("swap", [False, True])
def test_one_empty_mask_has_the_diagonal_for_every_distance_and_two_have_nought(swap):
    full, empty = random_mask(np.random.default_rng(0)), np.zeros(SHAPE, bool)
    pair = (empty, full) if swap else (full, empty)
    diagonal = ((4 * 9) ** 2 + (17 * 1.5) ** 2 + (23 * 0.8) ** 2) ** 0.5
    assert distances_mm(*pair, SPACING) == pytest.approx(
        dict.fromkeys(("hd_mm", "hd95_mm", "assd_mm"), diagonal)
    )
    assert distances_mm(empty, empty, SPACING) == dict.fromkeys(
        ("hd_mm", "hd95_mm", "assd_mm"), 0.0
    )
    assert hausdorff_2d_mm(empty, empty, SPACING) == (0.0, 0)
    assert dice(*pair) == 0 and dice(empty, empty) == 1
    assert hausdorff_2d_mm(*pair, SPACING)[1] == full.any(axis=(1, 2)).sum()


def test_equal_masks_are_no_distance_apart():
    mask = random_mask(np.random.default_rng(1))
    assert set(distances_mm(mask, mask, SPACING).values()) == {0.0} and dice(mask, mask) == 1


def test_four_hundred_cases_take_less_than_a_minute():
    """128 x 128 x 4, three structures: 30 images here, in a thirteenth of the minute."""
    rng = np.random.default_rng(3)
    grid = np.indices((4, 128, 128))
    stacks = []
    for radius in rng.uniform(20, 34, (30, 2)):
        stacks.append([np.hypot(grid[1] - 64, grid[2] - 60) < size for size in radius])
    start = time.process_time()
    for one, other in stacks:
        for _ in range(3):
            (
                dice(one, other),
                distances_mm(one, other, (9, 1.25, 1.25)),
                hausdorff_2d_mm(one, other, (9, 1.25, 1.25)),
            )
    assert time.process_time() - start < 60 * 30 / 400


def ball(shape, centre, radii):
    grid = np.indices(shape).reshape(3, -1).T
    return ((((grid - centre) / radii) ** 2).sum(axis=1) <= 1).reshape(shape)


def test_hausdorff_follows_a_permutation_of_the_axes():
    shape = (4, 17, 23)
    one, other = ball(shape, (1, 7, 8), (1.2, 4, 5)), ball(shape, (2, 9, 14), (1.4, 5, 3))
    turned = hausdorff_mm(one.transpose(2, 0, 1), other.transpose(2, 0, 1), (0.8, 9.0, 1.5))
    assert turned == pytest.approx(hausdorff_mm(one, other, SPACING), rel=1e-5)


def test_hausdorff_does_not_fill_a_ring():
    disc = ball((1, 41, 41), (0, 20, 20), (1, 15, 15))
    ring = disc & ~ball((1, 41, 41), (0, 20, 20), (1, 10, 10))
    # from the middle of the disc, which a stack of one slice lays bare, to the hole's border; a
    # filled ring would be the disc, at 0
    expected = by_all_pairs(ring, disc, (1, 1, 1))["hd_mm"]
    assert expected > 9 and hausdorff_mm(ring, disc, (1, 1, 1)) == pytest.approx(expected)


def test_structure_at_the_edge_of_the_image_has_a_surface_there():
    one, other = np.zeros((2, 6, 9), bool), np.zeros((2, 6, 9), bool)
    one[:, :, :3], other[:, :, :7] = True, True
    assert hausdorff_mm(one, other, (9.0, 1.0, 0.5)) == pytest.approx(4 * 0.5)


def test_dice_of_a_hand_made_case():
    one, other = np.zeros((2, 3, 5), bool), np.zeros((2, 3, 5), bool)
    one[0, 0, :4], other[0, 0, 2:5] = True, True
    assert dice(one, other) == pytest.approx(2 * 2 / (4 + 3))


def test_unequal_grids_are_refused():
    with pytest.raises(ValueError, match="unequal shape"):
        dice(np.ones((2, 3), bool), np.ones((3, 2), bool))
    with pytest.raises(ValueError, match="does not fit"):
        hausdorff_mm(np.ones((2, 3), bool), np.ones((2, 3), bool), (1, 1, 1))
