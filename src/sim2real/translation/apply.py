"""A trained generator put to use: arrays to arrays, and a table of simulated images to a table of
translated ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..data import (
    FORMAT,
    SLICE_COLUMNS,
    Sim2RealError,
    as_shown,
    as_stored,
    progress,
    read_image,
    refuse,
    require_format,
    write_image,
)
from .checkpoint import save_alike
from .networks import Generator


def save_generator(path: Path | str, generator: Generator) -> None:
    """The weights and the sizes needed to build the network again, nothing of the training."""
    content = {"architecture": generator.architecture, "weights": generator.state_dict()}
    save_alike(path, {"format": FORMAT, **content})


def load_generator(checkpoint: Path | str, device: torch.device | str = "cpu") -> Generator:
    """Read what ``save_generator`` wrote.

    Raises:
        Sim2RealError: for a file that is absent, damaged or of an older format.
    """
    checkpoint = Path(checkpoint)
    refuse(
        not checkpoint.is_file(),
        f"{checkpoint}: no such generator; train it first (notebook 04_train_translation)",
    )
    try:
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        require_format(state.get("format", 1), checkpoint)
        generator = Generator(**state["architecture"]).to(device)
        generator.load_state_dict(state["weights"])
    except Sim2RealError:
        raise
    except Exception as error:  # torch raises many kinds for a damaged file
        raise Sim2RealError(
            f"{checkpoint}: not a generator of ours ({type(error).__name__}); delete it and train"
            " again"
        ) from None
    return generator.eval()


def to_network(slices: np.ndarray) -> torch.Tensor:
    """Slices (n, h, w) in [0, 1] as the networks take them: (n, 1, h, w) in [-1, 1], float32, a
    copy."""
    return torch.from_numpy(np.array(slices, np.float32))[:, None] * 2 - 1


@torch.no_grad()
def translate(
    generator: Generator,
    slices: np.ndarray,
    device: torch.device | str = "cpu",
    batch_size: int = 16,
) -> np.ndarray:
    """Slices (n, h, w) in [0, 1] to translated slices (n, h, w), float32 in [0, 1]; h and w are
    multiples of 4."""
    generator = generator.to(device)
    translated = []
    for start in range(0, len(slices), batch_size):
        x = to_network(slices[start : start + batch_size]).to(device)
        translated.append(((generator(x) + 1) / 2).clamp(0, 1)[:, 0].cpu().numpy())
    return np.concatenate(translated) if translated else np.zeros_like(slices, np.float32)


def translate_images(
    run: Path | str,
    rows: pd.DataFrame,
    generator: Generator,
    vendor: str,
    output: Path | str,
    device: torch.device | str = "cpu",
) -> pd.DataFrame:
    """Translate every image of ``rows`` into ``output``/<vendor>/<subject>_<phase>.nii.gz, with the
    geometry of its source.

    run: the run's folder. rows: a table with ``SLICE_COLUMNS``, paths relative to the run's folder.
    output: a folder, relative to the run's (``04_translation/translated``). Intensities are those
    that the generator gives: they are a part of the look it learnt, so they are not scaled again.
    Returns a table of the same columns: domain sim2real_<vendor>; the label is the simulated
    image's own, since the anatomy is meant to stay.
    """
    refuse(
        rows.empty,
        f"no simulated image to translate to vendor {vendor}; run chapter 02_mr_simulation first",
    )
    run, translated = Path(run), []
    for row in progress(rows.to_dict("records"), name=f"translate to {vendor}", unit="image"):
        image = read_image(run / row["image"])
        path = Path(output) / vendor / f"{row['subject']}_{row['phase']}.nii.gz"
        write_image(
            run / path, as_stored(translate(generator, as_shown(image), device), image.affine)
        )
        translated.append(
            row | {"domain": f"sim2real_{vendor}", "vendor": vendor, "image": path.as_posix()}
        )
    return pd.DataFrame(translated, columns=SLICE_COLUMNS)
