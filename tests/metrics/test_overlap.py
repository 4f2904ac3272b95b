import numpy as np
import pytest

from sim2real.metrics.overlap import dice, field_of_view_diagonal_mm, hausdorff_mm

SPACING = (9.0, 1.5, 0.8)


def ball(shape, centre, radii):
    grid = np.indices(shape).reshape(3, -1).T
    return ((((grid - centre) / radii) ** 2).sum(axis=1) <= 1).reshape(shape)


def brute_force_hausdorff(one, other, spacing):
    """All pairs of points. The largest distance to a whole mask is reached from its surface, and
    for masks that do not lie inside each other the nearest point of the other is on its surface
    too: the same number without any surface.
    """
    points = [np.argwhere(mask) * spacing for mask in (one, other)]
    distances = np.linalg.norm(points[0][:, None] - points[1][None], axis=2)
    return max(distances.min(axis=0).max(), distances.min(axis=1).max())


def test_hausdorff_agrees_with_all_pairs_on_anisotropic_pixels():
    shape = (4, 17, 23)
    one, other = ball(shape, (1, 7, 8), (1.2, 4, 5)), ball(shape, (2, 9, 14), (1.4, 5, 3))
    expected = brute_force_hausdorff(one, other, SPACING)
    assert hausdorff_mm(one, other, SPACING) == pytest.approx(expected, rel=1e-5)
    assert hausdorff_mm(other, one, SPACING) == pytest.approx(expected, rel=1e-5)


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
    expected = brute_force_hausdorff(ring, disc, (1, 1, 1))
    assert expected > 9 and hausdorff_mm(ring, disc, (1, 1, 1)) == pytest.approx(expected)


def test_structure_at_the_edge_of_the_image_has_a_surface_there():
    one, other = np.zeros((2, 6, 9), bool), np.zeros((2, 6, 9), bool)
    one[:, :, :3], other[:, :, :7] = True, True
    assert hausdorff_mm(one, other, (9.0, 1.0, 0.5)) == pytest.approx(4 * 0.5)


def test_dice_of_a_hand_made_case():
    one, other = np.zeros((2, 3, 5), bool), np.zeros((2, 3, 5), bool)
    one[0, 0, :4], other[0, 0, 2:5] = True, True
    assert dice(one, other) == pytest.approx(2 * 2 / (4 + 3))


@pytest.mark.parametrize("swap", [False, True])
def test_empty_policy(swap):
    full, empty = ball((4, 17, 23), (1, 7, 8), (1.2, 4, 5)), np.zeros((4, 17, 23), bool)
    masks = (empty, full) if swap else (full, empty)
    assert dice(*masks) == 0
    assert hausdorff_mm(*masks, SPACING) == pytest.approx(
        ((4 * 9) ** 2 + (17 * 1.5) ** 2 + (23 * 0.8) ** 2) ** 0.5
    )
    assert dice(empty, empty) == 1 and hausdorff_mm(empty, empty, SPACING) == 0
    assert field_of_view_diagonal_mm((3, 4), (1, 1)) == 5


def test_equal_masks():
    mask = ball((4, 17, 23), (1, 7, 8), (1.2, 4, 5))
    assert dice(mask, mask) == 1 and hausdorff_mm(mask, mask, SPACING) == 0


def test_unequal_grids_are_refused():
    with pytest.raises(ValueError, match="unequal shape"):
        dice(np.ones((2, 3), bool), np.ones((3, 2), bool))
    with pytest.raises(ValueError, match="does not fit"):
        hausdorff_mm(np.ones((2, 3), bool), np.ones((2, 3), bool), (1, 1, 1))
