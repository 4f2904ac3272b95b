"""A beating heart: the cine of chapter 1 on the scanner, and single slices of it under other
protocols."""

import itertools

import numpy as np

from ..data.animation import cine_html as loop_html
from ..data.images import Image, read_labels, write_image
from ..data.labels import LV
from ..data.run import RunFolder
from .levels import levels
from .parameters import SimulationParameters
from .simulate import simulate

CHAPTER = "02_mr_simulation"
NAME = "cine"
WINDOW = 1.25  # white over the brightness of the LV's blood
_MARGIN_MM = 75.0


def structures_of(run: RunFolder) -> Image:
    """The structure maps of the cine: apical, middle, basal slice; (x, y, slice, phase,
    sub_slice)."""
    return read_labels(run.path / "01_virtual_population" / "cine.nii.gz")


def simulate_cine(
    run: RunFolder, parameters: SimulationParameters, seed: int
) -> tuple[Image, Image]:
    """(image, label), shape (x, y, slice, phase); written as ``cine_sa.nii.gz`` and
    ``cine_sa_gt.nii.gz``, too."""
    image, label = simulate(structures_of(run), parameters, seed, NAME)
    for name, written in (("cine_sa", image), ("cine_sa_gt", label)):
        write_image(run.chapter(CHAPTER) / f"{name}.nii.gz", written)
    return image, label


def cine_html(image: Image, label: Image, alt: str, period_s: float = 1.0) -> str:
    """An endless loop of the slices side by side, as HTML."""
    return loop_html(frames(image, label), alt, period_s)


def frames(image: Image, label: Image) -> np.ndarray:
    """The slices side by side, basal first as they are read, (phase, row, column), 0 to 1: cut
    about the heart, windowed on its blood."""
    x, y = window_of(label)
    cut = np.clip(
        image.data[x, y] / (WINDOW * np.percentile(image.data[label.data == LV], 95)), 0, 1
    )
    return np.moveaxis(
        np.concatenate([cut[:, :, k] for k in range(cut.shape[2])[::-1]], axis=0),
        (0, 1, 2),
        (2, 1, 0),
    )


def four_levels(
    run: RunFolder, parameters: SimulationParameters, seed: int
) -> list[tuple[str, np.ndarray]]:
    """The middle slice of the cine in early systole at four levels of detail: (title, image (row,
    column))."""
    structures = structures_of(run)
    phase = structures.data.shape[3] // 10
    shown = levels(structures, structures.data.shape[2] // 2, phase, parameters, seed, NAME)
    _, label = simulate(_one(structures, phase), parameters, seed, NAME)
    x, y = window_of(label)
    return [(title, image[x, y].T) for title, image in shown]


def under_protocols(
    run: RunFolder, parameters: SimulationParameters, seed: int, angles, times
) -> dict[tuple[float, float], np.ndarray]:
    """(TR, flip angle) to the cine's middle slice at end diastole, TE = TR/2; (row, column)."""
    structures = _one(structures_of(run), 0)
    images = {}
    for tr, angle in itertools.product(times, angles):
        protocol = {
            "repetition_time_ms": tr,
            "echo_time_ms": tr / 2,
            "flip_angle_deg": angle,
            "temporal_footprint": 0.0,
        }
        image, label = simulate(
            structures, SimulationParameters(**{**parameters.model_dump(), **protocol}), seed, NAME
        )
        x, y = window_of(label)
        images[tr, angle] = image.data[x, y, 0, 0].T
    return images


def _one(structures: Image, phase: int) -> Image:
    """The middle slice at one phase."""
    middle = structures.data.shape[2] // 2
    affine = structures.affine.copy()
    affine[:3, 3] += middle * affine[:3, 2]
    return Image(structures.data[:, :, middle : middle + 1, phase : phase + 1], affine)


def window_of(label: Image) -> tuple[slice, slice]:
    """A square about the heart."""
    inside = np.argwhere(label.data.reshape(*label.data.shape[:2], -1).any(axis=-1))
    half = round(_MARGIN_MM / label.spacing_mm[0])
    return tuple(
        slice(max(int(c) - half, 0), int(c) + half)
        for c in (inside.min(axis=0) + inside.max(axis=0)) / 2
    )
