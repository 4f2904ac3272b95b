"""A translator applied to a user's own images: NIfTI in, NIfTI of the same geometry out."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from ..cohort import CohortParameters, slices_third, upright
from ..cohort.grid import is_oriented
from ..data import (
    UNORIENTED,
    Faults,
    Image,
    Results,
    as_shown,
    choose_device,
    normalise,
    open_stack,
    phases_of,
    progress,
    read_intensities,
    stem,
    survey_images,
)
from .apply import translate
from .networks import Generator


def translate_source(
    source: Path, generator: Generator, scale: CohortParameters, vendor: str, output: Path
) -> list[Path]:
    """Translate what lies at ``source`` to ``vendor``; the files written,
    ``output``/<stem>_vendor<vendor>.nii.gz.

    source: a NIfTI image (3D, or 4D phase by phase) or a folder of them. scale: percentiles and
    pixel of the analysis grid. The result is float32 in [0, 1], scaled by those percentiles, in the
    image's own shape, with its own header.

    Raises Sim2RealError for a file that cannot be used; of several images only after the others
    have been translated, each fault told on standard error as it is met.
    """
    device, faults, results = choose_device(), Faults(source), Results(output)
    names = lambda path: f"{stem(path)}_vendor{vendor}.nii.gz"
    # every header is looked at before the first image is translated
    images = survey_images(source, partial(_look, results, names), faults)
    written = []
    with progress(
        name=f"translate to {vendor}",
        total=sum(len(phases) for phases in images.values()),
        unit="image",
    ) as bar:
        for path, phases in images.items():
            data = faults.attempt(_translated, path, phases, generator, scale, device, bar)
            if data is not None:
                written.append(results.write(names(path), data, path))
    faults.sum_up()
    return written


def _look(results: Results, names: Callable[[Path], str], path: Path) -> list[int | None]:
    """The phases of an image whose header is sound and whose result overwrites no other's."""
    nifti = open_stack(path)
    phases = phases_of(path, nifti)
    results.require_free(names(path), path)
    if "spacing" in nifti.extra:
        print(f"{path.name}: size of voxels {nifti.extra['spacing']}")
    if not is_oriented(nifti.affine):
        print(f"{path.name}: {UNORIENTED}; turned by it all the same")
    return phases


def _translated(path, phases, generator, scale, device, bar) -> np.ndarray:
    """All phases of an image translated, (x, y, slice, phase)."""
    nifti, translated = open_stack(path), []
    for phase in phases:
        image = Image(read_intensities(path, nifti, phase), np.asarray(nifti.affine, float))
        translated.append(translate_stack(image, generator, scale, device))
        bar.update()
    return np.stack(translated, axis=-1)


def translate_stack(
    image: Image, generator: Generator, scale: CohortParameters, device: torch.device | str = "cpu"
) -> np.ndarray:
    """A stack (x, y, slice) of any intensities to its translation, the same shape, float32 in [0,
    1].

    The slices, along whichever axis they lie, are turned as on the analysis grid, scaled by the
    percentiles of the whole stack, resampled to the grid's pixel, translated over their whole field
    of view, and carried back to the image's own voxels.
    """
    turned = upright(slices_third(image))[0]
    slices = as_shown(
        Image(normalise(turned.data, scale.low_percentile, scale.high_percentile), turned.affine)
    )
    size = tuple(
        max(8, round(n * mm / scale.pixel_size_mm))
        for n, mm in zip(slices.shape[1:], turned.spacing_mm[1::-1], strict=True)
    )
    margins = [
        (0, 0),
        *((0, max(32, -(-n // 4) * 4) - n) for n in size),
    ]  # what the networks take: multiples of 4 from 32 on
    translated = translate(generator, np.pad(resize(slices, size), margins, mode="edge"), device)[
        :, : size[0], : size[1]
    ]
    return _turn_back(
        resize(translated, slices.shape[1:]).transpose(2, 1, 0), turned.affine, image.affine
    )


def resize(slices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Slices (n, h, w) to (n, *size) over the same field of view: linear, averaging where pixels
    become larger; [0, 1] stays [0, 1]."""
    if slices.shape[1:] == tuple(size):
        return slices
    x = torch.from_numpy(np.ascontiguousarray(slices, np.float32))[:, None]
    return (
        F.interpolate(x, size=size, mode="bilinear", align_corners=False, antialias=True)[:, 0]
        .clamp(0, 1)
        .numpy()
    )


def _turn_back(data: np.ndarray, turned: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Undo ``upright``: ``data`` on the axes of the affine ``turned`` to those of ``wanted``; a
    permutation with flips, so exact."""
    axes = np.rint(np.linalg.solve(turned, wanted))[:3, :3]
    order = np.abs(axes).argmax(axis=0)
    back = data.transpose(order)
    return np.flip(back, [axis for axis in range(3) if axes[order[axis], axis] < 0])
