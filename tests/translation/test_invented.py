"""What a translation invents is found where it was put, and nothing is found where there is a
reason."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from sim2real.translation.invented import edges_of_place, invented_maps

ROWS, COLUMNS = 72, 64


def slices(n=1):
    """A bright disc on dark, and a border near the left edge."""
    y, x = np.indices((ROWS, COLUMNS))
    picture = np.where(np.hypot(y - 36, x - 36) < 12, 0.7, 0.2)
    picture = np.where(x < 8, 0.9, picture)
    return np.stack([gaussian_filter(picture, 1)] * n)


def maps(after, before=None, place=0.0):
    before = slices() if before is None else before
    return invented_maps(before, after, np.full((ROWS, COLUMNS), place))


def test_the_slice_itself_invents_nothing():
    edges, turned = maps(slices())
    assert edges.max() == turned.max() == 0


@pytest.mark.parametrize(
    "change",
    [lambda x: 0.6 * x + 0.1, lambda x: x**0.8, lambda x: gaussian_filter(x, (0, 1, 1))],
    ids=["less contrast", "gamma", "blur"],
)
def test_another_look_of_the_same_tissue_invents_next_to_nothing(change):
    blob = slices()
    blob[0, 60:66, 40:46] = 0.8
    assert sum(part.mean() for part in maps(change(slices()))) < 0.05 * maps(blob)[0].mean()


def test_grain_is_no_edge():
    grainy = slices() + np.random.default_rng(0).normal(0, 0.03, (1, ROWS, COLUMNS))
    bar = slices()
    bar[0, 50:54, 20:60] = 0.8
    assert maps(grainy, place=0.01)[0].mean() < 0.1 * maps(bar, place=0.01)[0].mean()


def test_a_bar_is_found_where_it_was_put_unless_real_slices_have_edges_there():
    bar = slices()
    bar[0, 56:60, 20:60] = 0.8
    edges, turned = maps(bar)
    found = np.argwhere(edges[0] > 0.02)
    assert found[:, 0].min() >= 51 and found[:, 0].max() <= 64
    assert turned.max() < 0.3 * edges.max()
    place = np.zeros((ROWS, COLUMNS))
    place[50:] = 1.0
    assert invented_maps(slices(), bar, place)[0].max() < 0.001


def test_an_edge_that_moves_by_a_pixel_has_its_reason_and_by_ten_has_not():
    by_one, by_ten = (np.roll(slices(), shift, axis=1) for shift in (1, 10))
    assert maps(by_one)[0].mean() < 0.02 * maps(by_ten)[0].mean()


def test_dark_and_bright_that_change_places_are_found_on_their_edge():
    turned_about = slices()
    disc = np.hypot(*(np.indices((ROWS, COLUMNS)) - 36)) < 14
    turned_about[0][disc] = 0.4 - turned_about[0][disc] / 3
    edges, turned = maps(turned_about)
    y, x = np.argwhere(turned[0] > 0.5 * turned.max()).T
    assert np.hypot(y - 36, x - 36) == pytest.approx(11, abs=4)
    assert turned.mean() > 10 * maps(0.9 * slices())[1].mean()


def test_edges_of_a_place_are_those_of_half_of_the_slices():
    picture = np.zeros((5, 40, 40))
    picture[:3, :, 20:] = 1  # three of five have an edge there
    picture[3, 20:] = 1  # one has another
    place = edges_of_place(picture)
    assert place[20, 19:21].min() > 5 * place[20, 2] and place[18:22, 2].max() < 0.01


def test_shares_do_not_depend_on_the_contrast_of_the_whole_slice():
    bar = slices()
    bar[0, 56:60, 20:60] = 0.8
    whole, faint = (sum(part.mean() for part in maps(0.2 + k * bar)) for k in (1.0, 0.3))
    assert 0.05 < whole < 1 and faint == pytest.approx(whole, rel=0.05)
