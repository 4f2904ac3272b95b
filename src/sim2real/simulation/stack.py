"""One virtual subject's whole short-axis stack, to be looked through on the page."""

import numpy as np

from ..data.images import Image
from ..data.labels import LV, PHASES
from ..data.mosaic import choice_html, mosaic_html, outlines_html, range_html
from ..data.root import repository
from ..data.run import RunFolder
from ..population.parameters import PopulationParameters
from ..population.render import Phantom, SlicePlan
from ..population.subjects import sample_subject
from ..population.xcat.files import find_xcat_subjects
from ..population.xcat.read import read_xcat_subject
from .cine import WINDOW, window_of
from .parameters import SimulationParameters
from .simulate import simulate


def whole_stack(
    run: RunFolder, parameters: SimulationParameters, population: PopulationParameters, seed: int
) -> tuple[Image, Image]:
    """(image, label) of the first healthy subject from apex to base, shape (x, y, slice, phase),
    phases ED and ES; of XCAT's first."""
    population = population.model_copy(update={"stack": "full"})
    if population.xcat_root is not None:
        row, structures = read_xcat_subject(
            find_xcat_subjects(repository() / population.xcat_root)[0], population
        )
        return simulate(structures, parameters, seed, row["name"])
    groups = list(run.manifest("01_virtual_population", "subjects.csv")["group"])
    subject = sample_subject(
        seed, groups.index("NOR") if "NOR" in groups else 0, population.share_normal
    )
    phantom = Phantom(subject)
    return simulate(
        phantom.structures(SlicePlan.of(phantom.heart, population), PHASES, population),
        parameters,
        seed,
        subject.name,
    )


def stack_html(image: Image, label: Image, name: str, alt: str) -> str:
    """The stack as a mosaic, base first as it is read, ED above ES, cut about the heart, windowed
    on its blood, with the page's controls."""
    x, y = window_of(label)
    top = WINDOW * np.percentile(image.data[label.data == LV], 95)
    cells, labels = (
        np.moveaxis(data[x, y, ::-1], (0, 1, 2, 3), (3, 2, 1, 0))
        for data in (image.data / top, label.data)
    )
    n = cells.shape[1]
    controls = (
        range_html(name, "column", "slice, base to apex", 1, n, (n + 1) // 2, f"{{}} of {n}")
        + choice_html(name, "line", "phase", {"0": "end diastole", "1": "end systole"})
        + outlines_html(on=True)
    )
    return mosaic_html("stack", name, cells, labels, alt, controls, wrap=7)
