import numpy as np
import pytest
import torch

from sim2real.translation import (
    TranslationParameters,
    build,
    least_squares,
    multilayer_patch_nce,
    patch_nce,
)
from sim2real.translation.losses import draw_positions


def unit_vectors(*shape, seed):
    x = np.random.default_rng(seed).normal(size=shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_patch_nce_equals_a_loop_over_patches():
    query, key, temperature = unit_vectors(2, 7, 5, seed=0), unit_vectors(2, 7, 5, seed=1), 0.07
    terms = []
    for image in range(2):
        for p in range(7):
            weights = [
                np.exp(np.dot(query[image, p], key[image, other]) / temperature)
                for other in range(7)
            ]  # same image alone
            terms.append(-np.log(weights[p] / sum(weights)))
    found = patch_nce(torch.from_numpy(query), torch.from_numpy(key), temperature).tolist()
    assert found == pytest.approx([np.mean(terms[:7]), np.mean(terms[7:])], rel=1e-12)


def test_patch_nce_of_alike_patches_is_the_logarithm_of_their_number():
    same = torch.ones(3, 11, 4, dtype=torch.float64) / 2
    assert patch_nce(same, same, 0.07).tolist() == pytest.approx([np.log(11)] * 3)


def test_patch_nce_sends_no_gradient_to_the_keys():
    query, key = (
        torch.from_numpy(unit_vectors(1, 6, 4, seed=seed)).requires_grad_() for seed in (2, 3)
    )
    patch_nce(query, key, 0.07).sum().backward()
    assert query.grad.abs().sum() > 0
    assert key.grad is None


def test_layers_count_equally_and_the_heads_learn_from_the_queries_alone():
    networks = build(
        TranslationParameters(
            precision="float32", generator_features=4, residual_blocks=2, projection_features=8
        ),
        seed=0,
    )
    heads, generator = networks["heads"], networks["generator"]
    queries, keys = (
        generator.encode(torch.rand(2, 1, 40, 56), generator.patch_layers) for _ in range(2)
    )
    positions = draw_positions(keys, 2, 9, torch.Generator().manual_seed(0))
    loss = multilayer_patch_nce(heads, queries, keys, positions, 0.07)
    embedded = zip(heads(queries, positions), heads(keys, positions), strict=True)
    assert loss.tolist() == pytest.approx(
        np.mean([patch_nce(q, k, 0.07).tolist() for q, k in embedded], axis=0), rel=1e-6
    )
    still = multilayer_patch_nce(heads, [q * 0 for q in queries], keys, positions, 0.07)
    assert torch.autograd.grad(still.sum(), heads.heads[0][0].weight)[0].abs().max() == 0


def test_least_squares_pulls_to_its_target():
    scores = torch.tensor([[0.0, 1.0, 3.0]])
    assert least_squares(scores, real=True).item() == pytest.approx((1 + 0 + 4) / 3)
    assert least_squares(scores, real=False).item() == pytest.approx((0 + 1 + 9) / 3)


def test_positions_are_drawn_once_each_and_no_more_than_there_are():
    features = [torch.zeros(2, 3, 20, 30), torch.zeros(2, 8, 4, 6)]
    wide, narrow = draw_positions(features, 1, 100, torch.Generator().manual_seed(1))
    assert all(len(set(row.tolist())) == 100 and max(row) < 600 for row in wide)
    assert all(sorted(row.tolist()) == list(range(24)) for row in narrow)
    assert not torch.equal(
        wide[0], wide[1]
    )  # the simulated slice and the real one each have a draw of their own
    shared = draw_positions(features, 2, 100, torch.Generator().manual_seed(1))[0]
    assert torch.equal(shared[0], wide[0]) and torch.equal(shared[1], wide[0])
