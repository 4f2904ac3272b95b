"""A simulated slice and its translations, one drawn over the other, to be moved on the page."""

import numpy as np

from ..data.images import read_labels
from ..data.labels import VENDORS
from ..data.mosaic import choice_html, mosaic_html, outlines_html, range_html
from ..data.run import RunFolder
from ..data.slices import as_shown
from .stage import examples, pairs


def wipe_html(run: RunFolder, n: int, name: str, alt: str) -> str:
    """The middle slices of ``build.pairs``: simulated, and below them translated to each vendor,
    with the label that all three share."""
    *stacks, names = pairs(run, n)
    slices = run.manifest("03_real_cohort", "slices.csv").query("domain == 'simulated'")
    files = slices.set_index(["subject", "phase"])["label"]
    label = [as_shown(read_labels(run.path / files[key])) for key in examples(slices, n)]
    middle = np.stack([stack[len(stack) // 2] for stack in label])
    controls = (
        range_html(name, "share", "simulated to translated", 0, 100, 50, "{} %")
        + choice_html(
            name,
            "line",
            "translated to",
            {str(k): f"vendor {vendor}" for k, vendor in enumerate(VENDORS, start=1)},
        )
        + choice_html(name, "mode", "drawn over as a", {"wipe": "curtain", "blend": "veil"})
        + range_html(name, "column", "picture", 1, len(names), 1, f"{{}} of {len(names)}")
        + outlines_html(on=False)
    )
    return mosaic_html(
        "wipe",
        name,
        np.stack(stacks),
        np.stack([middle] * len(stacks)),
        f"{alt} The pictures: {'; '.join(names)}.",
        controls,
    )
