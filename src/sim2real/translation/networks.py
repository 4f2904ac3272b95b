"""The three networks of CUT: a ResNet generator, a PatchGAN discriminator, and the projection heads
of PatchNCE.

Park, Efros, Zhang, Zhu, "Contrastive learning for unpaired image-to-image translation", ECCV 2020,
arXiv 2007.15651: section 3 and appendix C.1. Images are (batch, 1, height, width) in [-1, 1]. With
64 features and nine residual blocks the sizes are those of the paper's public model: 11,365,633,
2,762,689 and 559,872 parameters.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .parameters import TranslationParameters
from .resample import Down, Up

# Padded input, both downsampling convolutions before their norm, first and fifth residual block.
PATCH_LAYERS = (0, 4, 8, 12, 16)
FIRST_BLOCK = 12
NORM_EPSILON = 1e-5


class InstanceNorm(nn.Module):
    r"""Each channel of each image to zero mean and unit variance: :math:`y = (x - \mu) /
    \sqrt{\sigma^2 + \epsilon}`.

    Ulyanov, Vedaldi, Lempitsky, arXiv 1607.08022, without learned scale and shift. Computed as a
    group norm with one channel a group, which is the same formula: in torch 2.13.0 the gradient of
    ``instance_norm`` is wrong on a CPU for batch 1 when it arrives with channels-last strides, as
    it does from the patches of PatchNCE. It is faster, too.
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.group_norm(x, num_groups=x.shape[1], eps=NORM_EPSILON)


class ConvolutionToOne(nn.Conv2d):
    """A convolution to one channel without padding. In float32 on a CPU as a matrix product that
    gives each pixel's share in all the outputs about it, then their sum: the same formula, in half
    the time of the stock one.
    """

    def forward(self, x: Tensor) -> Tensor:
        # in bfloat16 the sum would be too coarse
        if x.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        k, (height, width) = self.kernel_size[0], x.shape[-2:]
        shares = self.weight[0].flip(1, 2).flatten(1).T @ x.flatten(2)  # (b, k * k, h * w)
        summed = F.fold(shares, (height + k - 1, width + k - 1), k)  # (b, 1, h + k - 1, w + k - 1)
        return summed[:, :, k - 1 : height, k - 1 : width] + self.bias


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))), with nothing after the sum. Each convolution pads its
    input, where the paper's code has a layer for it; the places of those layers are kept, so that
    the others bear the same numbers.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Identity(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            InstanceNorm(),
            nn.ReLU(inplace=True),
            nn.Identity(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            InstanceNorm(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Generator(nn.Module):
    """Encoder, residual blocks, decoder. The numbers of ``layers`` are those by which the paper's
    code names them.

    Args:
        features: channels of the first layer.
        residual_blocks: number of residual blocks.
    """

    def __init__(self, features: int, residual_blocks: int):
        super().__init__()
        f = features
        self.architecture = {"features": features, "residual_blocks": residual_blocks}
        self.layers = nn.ModuleList(
            [
                nn.ReflectionPad2d(3),
                nn.Conv2d(1, f, 7),
                InstanceNorm(),
                nn.ReLU(inplace=True),  # 0-3: (b, f, h, w)
                nn.Conv2d(f, 2 * f, 3, padding=1),
                InstanceNorm(),
                nn.ReLU(inplace=True),
                Down(),  # 4-7: (b, 2f, h/2, w/2)
                nn.Conv2d(2 * f, 4 * f, 3, padding=1),
                InstanceNorm(),
                nn.ReLU(inplace=True),
                Down(),  # 8-11: (b, 4f, h/4, w/4)
                *(ResidualBlock(4 * f) for _ in range(residual_blocks)),  # 12-: (b, 4f, h/4, w/4)
                Up(),
                nn.Conv2d(4 * f, 2 * f, 3, padding=1),
                InstanceNorm(),
                nn.ReLU(inplace=True),  # (b, 2f, h/2, w/2)
                Up(),
                nn.Conv2d(2 * f, f, 3, padding=1),
                InstanceNorm(),
                nn.ReLU(inplace=True),  # (b, f, h, w)
                nn.ReflectionPad2d(3),
                ConvolutionToOne(f, 1, 7),
                nn.Tanh(),  # (b, 1, h, w)
            ]
        )
        last_block = FIRST_BLOCK + residual_blocks - 1
        self.patch_layers = tuple(sorted({min(layer, last_block) for layer in PATCH_LAYERS}))
        channels = {0: 1, 4: 2 * f, 8: 4 * f}
        self.patch_channels = tuple(channels.get(layer, 4 * f) for layer in self.patch_layers)

    @classmethod
    def of(cls, parameters: TranslationParameters) -> "Generator":
        """A generator of the sizes that the parameters name."""
        return cls(parameters.generator_features, parameters.residual_blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Translate images x, (b, 1, h, w) in [-1, 1], h and w multiples of 4; the same shape."""
        return self.translate_and_encode(x, ())[0]

    def encode(self, x: Tensor, layers: tuple[int, ...]) -> list[Tensor]:
        """Features (b, c, h', w') after each of ``layers`` (ascending); nothing beyond the last of
        them is computed."""
        return self._through(x, layers[-1] + 1, layers)[1]

    def translate_and_encode(
        self, x: Tensor, layers: tuple[int, ...]
    ) -> tuple[Tensor, list[Tensor]]:
        """The translation, and the features after each of ``layers``, in one pass, since the
        encoder is a part of the generator."""
        return self._through(x, len(self.layers), layers)

    def _through(
        self, x: Tensor, stop: int, layers: tuple[int, ...]
    ) -> tuple[Tensor, list[Tensor]]:
        """``x`` after the first ``stop`` layers, and as it was after each of ``layers``."""
        features = []
        for index, layer in enumerate(self.layers[:stop]):
            x = layer(x)
            if index in layers:
                features.append(x)
        return x, features


class Discriminator(nn.Module):
    """PatchGAN: one score, real or fake, for each patch of about 70 x 70 pixels (Isola et al., CVPR
    2017)."""

    def __init__(self, features: int):
        super().__init__()
        f = features
        self.layers = nn.Sequential(
            nn.Conv2d(1, f, 4, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            Down(),
            nn.Conv2d(f, 2 * f, 4, padding=1),
            InstanceNorm(),
            nn.LeakyReLU(0.2, inplace=True),
            Down(),
            nn.Conv2d(2 * f, 4 * f, 4, padding=1),
            InstanceNorm(),
            nn.LeakyReLU(0.2, inplace=True),
            Down(),
            nn.Conv2d(4 * f, 8 * f, 4, padding=1),
            InstanceNorm(),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(8 * f, 1, 4, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(b, 1, h, w) to scores (b, 1, about h/8, about w/8)."""
        return self.layers(x)


class ProjectionHeads(nn.Module):
    r"""A two-layer perceptron a PatchNCE layer, its output brought to unit length: :math:`z = h /
    (\|h\|_2 + 10^{-7})`."""

    def __init__(self, channels: tuple[int, ...], width: int):
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(c, width), nn.ReLU(), nn.Linear(width, width)) for c in channels
        )

    def forward(self, features: list[Tensor], positions: list[Tensor]) -> list[Tensor]:
        """Features (b, c, h, w) and flat positions (b, p) of each layer to embeddings (b, p,
        width)."""
        embeddings = []
        for head, x, places in zip(self.heads, features, positions, strict=True):
            images = torch.arange(len(x), device=x.device)[:, None]
            patches = x.flatten(2)[images, :, places]  # (b, p, c)
            embedded = at_least_float32(head(patches))  # (b, p, width)
            embeddings.append(embedded / (embedded.norm(dim=-1, keepdim=True) + 1e-7))
        return embeddings


def at_least_float32(x: Tensor) -> Tensor:
    """bfloat16 to float32, anything finer as it is."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def initialise(networks: nn.ModuleDict, seed: int) -> nn.ModuleDict:
    r"""Give all layers first weights, which depend on the seed alone.

    Xavier normal weights with gain 0.02, :math:`\sigma = 0.02 \sqrt{2 / (n_{in} + n_{out})}`, and
    zero biases.
    """
    random = torch.Generator().manual_seed(seed)
    for module in networks.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_normal_(module.weight, gain=0.02, generator=random)
            nn.init.zeros_(module.bias)
    return networks


def build(parameters: TranslationParameters, seed: int) -> nn.ModuleDict:
    """The three networks of CUT on the CPU with their first weights."""
    generator = Generator.of(parameters)
    networks = {
        "generator": generator,
        "discriminator": Discriminator(parameters.discriminator_features),
        "heads": ProjectionHeads(generator.patch_channels, parameters.projection_features),
    }
    return initialise(nn.ModuleDict(networks), seed)
