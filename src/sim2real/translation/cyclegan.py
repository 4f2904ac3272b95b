r"""CycleGAN (Zhu, Park, Isola, Efros, ICCV 2017, arXiv 1703.10593), the heavier method that the
paper sets CUT against.

A generator G from simulated slices x to real ones y, a second one F for the way back, and a
discriminator for each domain:

.. math:: \mathcal{L} = \mathcal{L}_{GAN}(G) + \mathcal{L}_{GAN}(F)
          + \lambda \big(\mathbb{E}\,|F(G(x)) - x| + \mathbb{E}\,|G(F(y)) - y|\big)
          + \tfrac{\lambda}{2} \big(\mathbb{E}\,|G(y) - y| + \mathbb{E}\,|F(x) - x|\big)

with the least-squares loss of LSGAN. The networks are those of ``networks``, two of each, so that
what differs from CUT is the method.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .losses import least_squares
from .networks import Discriminator, Generator, at_least_float32, initialise
from .parameters import TranslationParameters
from .step import Optimisers

# loss_d: of the discriminator of real slices; back: of the way from real to simulated; cycle, idt:
# both ways together.
LOSSES = ("loss_d", "loss_d_back", "loss_gan", "loss_gan_back", "loss_cycle", "loss_idt")
# Section 5.1 and 5.2 of the paper and the defaults of its code; the identity's weight is in units
# of the cycle's.
LAMBDA_CYCLE, LAMBDA_IDENTITY, POOL_SIZE = 10.0, 0.5, 50


def build_cyclegan(parameters: TranslationParameters, seed: int) -> nn.ModuleDict:
    """The four networks on the CPU with their first weights; ``generator`` and ``discriminator``
    begin as CUT's do."""
    networks = nn.ModuleDict()
    for direction in ("", "_back"):
        networks[f"generator{direction}"] = Generator.of(parameters)
        networks[f"discriminator{direction}"] = Discriminator(parameters.discriminator_features)
    return initialise(networks, seed)


def exchange(pool: list[Tensor], size: int, fakes: Tensor, random: torch.Generator) -> Tensor:
    """Of each fake (1, h, w) of a batch (b, 1, h, w) itself or, with probability 1/2 once the pool
    holds ``size``, an older one.

    The pool has translated slices of earlier steps, for the discriminator to see among the newest
    (Shrivastava et al., CVPR 2017). An older one leaves it, and the fake takes its place. Nothing
    is drawn until it is full.
    """
    shown = []
    for fake in fakes.detach():
        if len(pool) < size:
            pool.append(fake.clone())
        elif torch.rand((), generator=random) < 0.5:
            place = int(torch.randint(size, (), generator=random))
            fake, pool[place] = pool[place], fake.clone()
        shown.append(fake)
    return torch.stack(shown)


class CycleGan:
    """A method for ``train_translator``, as ``step.Cut`` is; it carries a pool of translated slices
    for each direction."""

    losses = LOSSES
    build = staticmethod(build_cyclegan)

    def __init__(self, pool_size: int = POOL_SIZE):
        self.pool_size = pool_size
        self.pools: dict[str, list[Tensor]] = {"discriminator": [], "discriminator_back": []}

    def step(
        self,
        networks: nn.ModuleDict,
        optimisers: Optimisers,
        source: Tensor,
        real: Tensor,
        parameters: TranslationParameters,
        random: torch.Generator,
    ) -> Tensor:
        """Both generators first, then both discriminators, which are shown the generators' work
        from before that step.

        source, real: (b, 1, h, w) in [-1, 1]. Returns the losses named by ``LOSSES``, shape (6,),
        before the step, unweighted. Of ``parameters`` only the arithmetic counts here: the weights
        of the losses are the method's own.
        """
        forth, back = networks["generator"], networks["generator_back"]
        judges = {name: networks[name] for name in self.pools}
        n = len(source)
        autocast = torch.autocast(
            source.device.type, torch.bfloat16, enabled=parameters.precision == "bfloat16"
        )

        for judge in judges.values():
            judge.requires_grad_(False)
        with autocast:
            fake_real, same_real = at_least_float32(forth(torch.cat([source, real]))).split(
                n
            )  # G(x), G(y): (b, 1, h, w) each
            fake_source, same_source = at_least_float32(back(torch.cat([real, source]))).split(
                n
            )  # F(y), F(x)
            loss_cycle = F.l1_loss(at_least_float32(back(fake_real)), source) + F.l1_loss(
                at_least_float32(forth(fake_source)), real
            )
            loss_idt = F.l1_loss(same_real, real) + F.l1_loss(same_source, source)
            loss_gan = least_squares(judges["discriminator"](fake_real), real=True)
            loss_gan_back = least_squares(judges["discriminator_back"](fake_source), real=True)
            loss = (
                loss_gan + loss_gan_back + LAMBDA_CYCLE * (loss_cycle + LAMBDA_IDENTITY * loss_idt)
            )
        optimisers.translator.zero_grad()
        loss.backward()
        optimisers.translator.step()

        for judge in judges.values():
            judge.requires_grad_(True)
        shown = {"discriminator": (fake_real, real), "discriminator_back": (fake_source, source)}
        with autocast:
            losses_d = [
                self._judged(
                    judges[name],
                    exchange(self.pools[name], self.pool_size, fakes, random),
                    genuine,
                )
                for name, (fakes, genuine) in shown.items()
            ]
        optimisers.discriminator.zero_grad()
        sum(losses_d).backward()
        optimisers.discriminator.step()
        return torch.stack([*losses_d, loss_gan, loss_gan_back, loss_cycle, loss_idt]).detach()

    @staticmethod
    def _judged(judge: nn.Module, fakes: Tensor, genuine: Tensor) -> Tensor:
        score_fake, score_real = judge(torch.cat([fakes, genuine])).split(len(genuine))
        return (least_squares(score_fake, real=False) + least_squares(score_real, real=True)) / 2

    def state_dict(self) -> dict:
        return {name: list(pool) for name, pool in self.pools.items()}

    def load_state_dict(self, state: dict) -> None:
        self.pools = {name: list(state[name]) for name in self.pools}
