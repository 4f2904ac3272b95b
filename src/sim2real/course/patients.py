"""Small data for the lessons: patients of the surrogate cohort, standing in for M&Ms, and simulated
subjects, a second or so each."""

from functools import lru_cache

import numpy as np

from ..cohort import VENDOR_LOOKS, Grid, heart_centre, image_subject, to_grid, upright
from ..data import Image, as_shown, generator, normalise
from ..population import PopulationParameters, maps_of, sample_subject
from ..simulation import SimulationParameters, simulate

_SHARE_NORMAL = 0.3


@lru_cache(maxsize=32)
def patient(vendor: str, index: int, phases: tuple[str, ...] = ("ED", "ES")) -> tuple[Image, Image]:
    """(image, label) of a surrogate patient as a scanner stores them: raw intensities, six slices,
    shape (x, y, slice, phase)."""
    look = VENDOR_LOOKS[vendor]
    geometry = PopulationParameters(
        slice_thickness_mm=look.slice_thickness_mm,
        slice_spacing_mm=look.slice_spacing_mm,
        sub_slices=1,
    )
    structures = _structures(f"lesson{vendor}", index, phases, geometry)
    return image_subject(structures, vendor, generator(0, "lesson", vendor, index))


@lru_cache(maxsize=32)
def simulated(index: int) -> tuple[Image, Image]:
    """(image, label) of a virtual subject at end diastole as chapter 2 simulates it, six slices,
    shape (x, y, slice, phase)."""
    structures = _structures("lesson", index, ("ED",), PopulationParameters(sub_slices=1))
    return simulate(structures, SimulationParameters(), 0, f"lesson{index}")


def slices(vendor: str, count: int, phase: str = "ED", pixels: int = 96) -> np.ndarray:
    """The four middle slices of ``count`` patients on a grid of 1.25 mm, intensities 0 to 1: (4
    times count, row, column)."""
    stacks = (patient(vendor, index, (phase,)) for index in range(count))
    return np.concatenate([middle_slices(*stack, pixels)[0] for stack in stacks])


def middle_slices(image: Image, label: Image, pixels: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """The four middle slices of a stack of six at its first phase, as a viewer shows them, about
    the heart on a grid of 1.25 mm.

    Args:
        image, label: (x, y, slice, phase).
        pixels: edge of the grid.

    Returns:
        Intensities 0 to 1 and labels, each (slice, row, column).
    """
    image, label = (Image(part.data[:, :, 1:5, 0], part.affine) for part in (image, label))
    image, label = upright(image, label, guide=label)
    grid, centre = Grid(pixels=pixels), heart_centre([label.data])
    image, label = to_grid(image, centre, grid), to_grid(label, centre, grid, is_label=True)
    scaled = Image(normalise(image.data, 1, 99), image.affine)
    return as_shown(scaled), as_shown(label)


def _structures(
    family: str, index: int, phases: tuple[str, ...], geometry: PopulationParameters
) -> Image:
    return maps_of(sample_subject(0, index, _SHARE_NORMAL, family=family), phases, geometry)
