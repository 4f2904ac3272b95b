"""A translator applied to a user's own images: NIfTI in, NIfTI of the same geometry out."""

from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch.nn import functional as F

from ..cohort import CohortParameters, slices_third, upright
from ..data import (
    Image,
    Sim2RealError,
    as_shown,
    choose_device,
    nifti_files,
    normalise,
    open_stack,
    progress,
    read_voxels,
    refuse,
    stem,
    write_like,
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
    image's own shape, orientation and affine. Raises Sim2RealError for unusable files.
    """
    device = choose_device()
    images = {
        path: _open(path) for path in nifti_files(source)
    }  # every header is looked at before the first is translated
    targets = {path: output / f"{stem(path)}_vendor{vendor}.nii.gz" for path in images}
    with progress(
        name=f"translate to {vendor}",
        total=sum(_n_phases(nifti) for nifti in images.values()),
        unit="image",
    ) as bar:
        for path, nifti in images.items():
            if "spacing" in nifti.extra:
                print(f"{path.name}: size of voxels {nifti.extra['spacing']}")
            phases = []
            for phase in range(_n_phases(nifti)):
                image = Image(read_voxels(path, nifti, phase), np.asarray(nifti.affine, float))
                if np.ptp(image.data) == 0:
                    raise Sim2RealError(
                        f"{path}: holds {image.data.flat[0]:g} in every voxel; expected an image"
                    )
                phases.append(translate_stack(image, generator, scale, device))
                bar.update()
            shape = nib.load(path).shape  # as it is stored, with axes of one
            write_like(targets[path], np.stack(phases, axis=-1).reshape(shape), path)
    return list(targets.values())


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


def _open(path: Path) -> nib.Nifti1Image:
    nifti = open_stack(path)
    refuse(
        len(nifti.shape) > 4,
        f"{path}: has shape {nifti.shape}; expected 3 or 4 dimensions",
    )
    return nifti


def _n_phases(nifti: nib.Nifti1Image) -> int:
    return nifti.shape[3] if len(nifti.shape) > 3 else 1
