r"""The losses of CUT (Park, Efros, Zhang, Zhu, ECCV 2020, arXiv 2007.15651, section 3).

.. math::

    \mathcal{L} = \lambda_{GAN} \mathcal{L}_{GAN} + \lambda_{NCE} \tfrac{1}{2}
    (\mathcal{L}_{NCE}(X) + \mathcal{L}_{NCE}(Y))

X are simulated slices, Y real ones (the identity term). Without the identity term:
:math:`\lambda_{NCE} \mathcal{L}_{NCE}(X)`.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from .networks import ProjectionHeads, at_least_float32


def least_squares(scores: Tensor, real: bool) -> Tensor:
    r"""Mean of :math:`(D - t)^2` with target t = 1 for real and 0 for fake (LSGAN, Mao et al., ICCV
    2017). Scores of any shape."""
    return ((at_least_float32(scores) - float(real)) ** 2).mean()


def patch_nce(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    r"""Contrast each patch of the output with the patches of its own input, equation 3 of the
    paper.

    .. math::

        \ell = -\frac{1}{P} \sum_p \log \frac{\exp(q_p \cdot k_p / \tau)}{\sum_{p'} \exp(q_p
        \cdot k_{p'} / \tau)}

    query, key: unit vectors (b, p, width) at the same p positions; the negatives of a patch are the
    other patches of the same image. No gradient flows to the keys. Returns the mean over the
    patches of each image, (b,).
    """
    with torch.autocast(
        query.device.type, enabled=False
    ):  # divided by a small temperature, bfloat16 would be too coarse
        similarity = torch.bmm(query, key.detach().transpose(1, 2)) / temperature  # (b, p, p)
    same_place = torch.arange(similarity.shape[1], device=similarity.device).expand(
        similarity.shape[:2]
    )  # (b, p)
    return (
        F.cross_entropy(similarity.flatten(0, 1), same_place.flatten(), reduction="none")
        .view_as(same_place)
        .mean(dim=1)
    )


def multilayer_patch_nce(
    heads: ProjectionHeads,
    queries: list[Tensor],
    keys: list[Tensor],
    positions: list[Tensor],
    temperature: float,
) -> Tensor:
    """``patch_nce`` averaged over the layers, equation 4: (b,). Features (b, c, h, w) a layer;
    positions (b, p) a layer, flat."""
    with torch.no_grad():  # the heads learn from the queries alone
        embedded_keys = heads(keys, positions)
    embedded_queries = heads(queries, positions)
    terms = [
        patch_nce(query, key, temperature)
        for query, key in zip(embedded_queries, embedded_keys, strict=True)
    ]
    return torch.stack(terms).mean(dim=0)


def draw_positions(
    features: list[Tensor], batch: int, n_patches: int, random: torch.Generator
) -> list[Tensor]:
    """For each layer at most ``n_patches`` flat positions without repetition: (n, p) for features
    (n, c, h, w).

    Every ``batch`` images share theirs, as in the paper's code: one draw for the simulated slices,
    one for the real ones. Drawn on the CPU, so that they do not depend on the device.
    """
    drawn = [
        [torch.randperm(x[0, 0].numel(), generator=random)[:n_patches] for x in features]
        for _ in range(len(features[0]) // batch)
    ]  # a draw goes through all layers before the next
    return [
        torch.stack(layer).repeat_interleave(batch, dim=0).to(x.device)
        for layer, x in zip(zip(*drawn, strict=True), features, strict=True)
    ]
