import numpy as np
import pytest
import torch

from sim2real.translation import TranslationParameters, build, train_translator
from sim2real.translation.similarity import _flat, similarities, trained_networks

SIZES = TranslationParameters(
    precision="float32",
    generator_features=4,
    discriminator_features=4,
    residual_blocks=2,
    projection_features=8,
    n_patches=16,
    n_steps=2,
    decay_steps=1,
)
SOURCE, OTHER = np.random.default_rng(0).random((2, 32, 44), dtype=np.float32)
PLACES = [(7, 41), (20, 3), (31, 43), (0, 0)]


@pytest.fixture
def networks():
    found = build(SIZES, seed=0)
    for weights in found.parameters():
        weights.data.normal_(0, 0.3, generator=torch.Generator().manual_seed(weights.numel()))
    return found


def test_a_place_is_found_in_the_padded_layer_by_its_own_grey_value(networks):
    padded = networks["generator"].encode(torch.from_numpy(SOURCE)[None, None], (0,))[0]
    at = _flat(PLACES, SOURCE.shape, padded, layer=0)
    assert padded.flatten()[at[0]].tolist() == pytest.approx(
        [float(SOURCE[place]) for place in PLACES]
    )


def test_in_a_smaller_layer_a_place_lies_at_the_same_share_of_the_sides():
    assert _flat([(7, 41), (31, 43)], (32, 44), torch.zeros(1, 5, 8, 11), layer=12).tolist() == [
        [1 * 11 + 10, 7 * 11 + 10]
    ]


def test_a_slice_left_as_it_is_resembles_itself_at_the_querys_place_alone(networks):
    found = similarities(networks, SOURCE, SOURCE, PLACES[0], PLACES)
    assert found[0] == pytest.approx(1, abs=1e-5) and max(found[1:]) < 0.999
    assert all(
        -1 <= value <= 1 for value in similarities(networks, SOURCE, OTHER, PLACES[0], PLACES)
    )


def test_who_asks_and_who_is_asked_may_change_places(networks):
    there = similarities(networks, SOURCE, OTHER, PLACES[0], [PLACES[1]])
    assert similarities(networks, OTHER, SOURCE, PLACES[1], [PLACES[0]]) == pytest.approx(
        there, abs=1e-6
    )


def test_the_networks_are_those_of_the_last_step(tmp_path):
    assert trained_networks(tmp_path, SIZES) is None
    train_translator(SOURCE[None], OTHER[None], SIZES, tmp_path, seed=0)
    networks = trained_networks(tmp_path, SIZES)
    saved = torch.load(tmp_path / "generator.pt", weights_only=True)["weights"]
    assert all(
        torch.equal(weights, saved[name])
        for name, weights in networks["generator"].state_dict().items()
    )
