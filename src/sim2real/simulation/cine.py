"""What chapter 2 shows of one heart: a cine that beats, a whole stack to be looked through, and
one slice under other protocols."""

import itertools

import numpy as np

from ..data import (
    LV,
    PHASES,
    Image,
    RunFolder,
    choice_html,
    mosaic_html,
    outlines_html,
    range_html,
    read_labels,
    repository,
    write_image,
)
from ..data import cine_html as loop_html
from ..population import (
    POPULATION,
    PopulationParameters,
    find_xcat_subjects,
    first_healthy,
    maps_of,
    read_xcat_subject,
    sample_subject,
)
from .chapter import SIMULATION
from .parameters import SimulationParameters
from .scan import simulate

NAME = "cine"
WINDOW = 1.25  # white over the brightness of the LV's blood
_MARGIN_MM = 75.0


def structures_of(run: RunFolder) -> Image:
    """The structure maps of the cine: apical, middle, basal slice; (x, y, slice, phase,
    sub_slice)."""
    return read_labels(run.path / POPULATION.name / "cine.nii.gz")


def simulate_cine(
    run: RunFolder, parameters: SimulationParameters, seed: int
) -> tuple[Image, Image]:
    """(image, label), shape (x, y, slice, phase); written as ``cine_sa.nii.gz`` and
    ``cine_sa_gt.nii.gz``, too."""
    image, label = simulate(structures_of(run), parameters, seed, NAME)
    write_image(run.chapter(SIMULATION.name) / "cine_sa.nii.gz", image)
    write_image(run.chapter(SIMULATION.name) / "cine_sa_gt.nii.gz", label)
    return image, label


def cine_html(image: Image, label: Image, alt: str, period_s: float = 1.0) -> str:
    """An endless loop of the slices side by side, as HTML."""
    return loop_html(frames(image, label), alt, period_s)


def frames(image: Image, label: Image) -> np.ndarray:
    """The slices side by side, basal first as they are read, (phase, row, column), 0 to 1."""
    cut = np.clip(_windowed(image, label), 0, 1)[:, :, ::-1]
    return np.concatenate(np.moveaxis(cut, (0, 1, 2, 3), (3, 2, 0, 1)), axis=-1)


def whole_stack(
    run: RunFolder, parameters: SimulationParameters, population: PopulationParameters, seed: int
) -> tuple[Image, Image]:
    """(image, label) of the first healthy subject from apex to base, shape (x, y, slice, phase),
    phases ED and ES; of XCAT's first."""
    population = population.model_copy(update={"stack": "full"})
    if population.xcat_root is not None:
        par = find_xcat_subjects(repository() / population.xcat_root)[0]
        row, structures = read_xcat_subject(par, population)
        return simulate(structures, parameters, seed, row["name"])
    index = first_healthy(run.manifest(POPULATION.name, "subjects.csv"))
    subject = sample_subject(seed, index, population.share_normal)
    return simulate(maps_of(subject, PHASES, population), parameters, seed, subject.name)


def stack_html(image: Image, label: Image, name: str, alt: str) -> str:
    """The stack as a mosaic, base first as it is read, ED above ES, with the page's controls."""
    x, y = window_of(label)
    cells, labels = (
        np.moveaxis(data[:, :, ::-1], (0, 1, 2, 3), (3, 2, 1, 0))
        for data in (_windowed(image, label), label.data[x, y])
    )
    n = cells.shape[1]
    controls = (
        range_html(name, "column", "slice, base to apex", 1, n, (n + 1) // 2, f"{{}} of {n}")
        + choice_html(name, "line", "phase", {"0": "end diastole", "1": "end systole"})
        + outlines_html(on=True)
    )
    return mosaic_html("stack", name, cells, labels, alt, controls, wrap=7)


def under_protocols(
    run: RunFolder, parameters: SimulationParameters, seed: int, angles, times
) -> dict[tuple[float, float], np.ndarray]:
    """(TR, flip angle) to the cine's middle slice at end diastole, TE = TR/2; (row, column)."""
    structures, images = _middle_slice(structures_of(run), 0), {}
    for tr, angle in itertools.product(times, angles):
        protocol = {
            "repetition_time_ms": tr,
            "echo_time_ms": tr / 2,
            "flip_angle_deg": angle,
        }
        changed = SimulationParameters(**{**parameters.model_dump(), **protocol})
        image, label = simulate(structures, changed, seed, NAME)
        x, y = window_of(label)
        images[tr, angle] = image.data[x, y, 0, 0].T
    return images


def window_of(label: Image) -> tuple[slice, slice]:
    """A square about the heart."""
    inside = np.argwhere(label.data.any(axis=(2, 3)))
    half = round(_MARGIN_MM / label.spacing_mm[0])
    middle = (inside.min(axis=0) + inside.max(axis=0)) / 2
    return tuple(slice(max(int(c) - half, 0), int(c) + half) for c in middle)


def _windowed(image: Image, label: Image) -> np.ndarray:
    """Cut about the heart, 0 black, 1 a little above the LV's blood."""
    return image.data[window_of(label)] / (WINDOW * np.percentile(image.data[label.data == LV], 95))


def _middle_slice(structures: Image, phase: int) -> Image:
    """The middle slice at one phase."""
    middle = structures.data.shape[2] // 2
    affine = structures.affine.copy()
    affine[:3, 3] += middle * affine[:3, 2]
    return Image(structures.data[:, :, middle : middle + 1, phase : phase + 1], affine)
