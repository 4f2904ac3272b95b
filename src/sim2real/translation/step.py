"""One optimiser step of CUT (Park, Efros, Zhang, Zhu, ECCV 2020), and CUT as a method that
``training.train_translator`` can train.

The mathematics is the paper's; work that would only be repeated is not: the features of the inputs
(the keys) are kept from the generator's own pass, and real and translated slices go through a
network together, which changes nothing since every norm sees one image at a time.
"""

import torch
from torch import Tensor, nn

from .losses import draw_positions, least_squares, multilayer_patch_nce
from .networks import at_least_float32, build
from .parameters import TranslationParameters

LOSSES = ("loss_d", "loss_gan", "loss_nce", "loss_idt")


class Optimisers:
    """Adam with betas (0.5, 0.999): one for whatever is named a discriminator, one for all the
    other networks."""

    def __init__(self, networks: nn.ModuleDict, learning_rate: float):
        weights: dict[bool, list] = {True: [], False: []}
        for name, network in networks.items():
            weights[name.startswith("discriminator")] += network.parameters()
        settings = {
            "lr": learning_rate,
            "betas": (0.5, 0.999),
            "fused": next(networks.parameters()).device.type in ("cpu", "cuda"),
        }
        self.discriminator = torch.optim.Adam(weights[True], **settings)
        self.translator = torch.optim.Adam(weights[False], **settings)

    def set_learning_rate(self, value: float) -> None:
        for optimiser in (self.discriminator, self.translator):
            for group in optimiser.param_groups:
                group["lr"] = value

    def state_dict(self) -> dict:
        return {
            "discriminator": self.discriminator.state_dict(),
            "translator": self.translator.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.translator.load_state_dict(state["translator"])


def cut_step(
    networks: nn.ModuleDict,
    optimisers: Optimisers,
    source: Tensor,
    real: Tensor,
    parameters: TranslationParameters,
    random: torch.Generator,
) -> Tensor:
    """Discriminator first, then generator and heads, which see the discriminator after its step.

    With ``flip_equivariance`` the generator is given mirrored slices in half of the steps, and the
    features of its outputs are mirrored back before they are contrasted with those of the slices as
    they are (FastCUT, the same paper's appendix); the discriminator's real slices are never
    mirrored.

    Args:
        networks: ``generator``, ``discriminator`` and ``heads``.
        optimisers: of these networks.
        source, real: (b, 1, h, w) in [-1, 1].
        parameters: weights of the losses, patches, precision.
        random: of mirroring and patches.

    Returns:
        The losses named by ``LOSSES``, shape (4,), before the step, unweighted.
    """
    generator, discriminator = networks["generator"], networks["discriminator"]
    layers, n, identity = generator.patch_layers, len(source), parameters.identity_nce
    autocast = torch.autocast(
        source.device.type, torch.bfloat16, enabled=parameters.precision == "bfloat16"
    )
    mirrored = parameters.flip_equivariance and bool(torch.rand((), generator=random) < 0.5)

    with autocast:
        inputs = torch.cat([source, real]) if identity else source  # (2b or b, 1, h, w)
        if mirrored:
            with torch.no_grad():  # the keys are of the inputs as they are
                keys = generator.encode(inputs, layers)
            outputs = generator(inputs.flip(-1))
        else:
            outputs, keys = generator.translate_and_encode(inputs, layers)
            keys = [key.detach() for key in keys]
        outputs = at_least_float32(outputs)
        fake = outputs[:n]  # (b, 1, h, w)
        score_fake, score_real = discriminator(torch.cat([fake.detach(), real])).split(n)
        loss_d = (least_squares(score_fake, real=False) + least_squares(score_real, real=True)) / 2
    optimisers.discriminator.zero_grad()
    loss_d.backward()
    optimisers.discriminator.step()

    discriminator.requires_grad_(False)  # it judges the generator now, and learns nothing from that
    with autocast:
        loss_gan = least_squares(discriminator(fake), real=True)
        queries = generator.encode(outputs, layers)
        queries = [query.flip(-1) for query in queries] if mirrored else queries
        positions = draw_positions(keys, n, parameters.n_patches, random)
        contrasts = multilayer_patch_nce(
            networks["heads"], queries, keys, positions, parameters.temperature
        )  # (2b or b,)
        loss_nce = contrasts[:n].mean()
        loss_idt = contrasts[n:].mean() if identity else torch.zeros_like(loss_nce)
        contrastive = (loss_nce + loss_idt) / 2 if identity else loss_nce
        loss = parameters.lambda_gan * loss_gan + parameters.lambda_nce * contrastive
    optimisers.translator.zero_grad()
    loss.backward()
    optimisers.translator.step()
    discriminator.requires_grad_(True)
    return torch.stack([loss_d, loss_gan, loss_nce, loss_idt]).detach()


class Cut:
    """What ``train_translator`` asks of a method; CUT carries nothing from one step to the next
    but weights and optimisers."""

    losses = LOSSES
    build = staticmethod(build)
    step = staticmethod(cut_step)

    def state_dict(self) -> dict:
        return {}

    def load_state_dict(self, state: dict) -> None:
        pass
