"""Images on the analysis grid, as tables of files and as arrays."""

from pathlib import Path

import numpy as np
import pandas as pd

from .errors import refuse
from .images import Image, read_image, read_labels
from .labels import VENDORS

SLICE_COLUMNS = ["domain", "vendor", "subject", "phase", "split", "image", "label"]
"""domain: simulated, real, sim2real_A, sim2real_B; vendor: A, B, ... or empty; phase: ED or ES;
split: train, validation or test; image and label: NIfTI on the analysis grid, shape (x, y, slice),
paths relative to the run's folder."""


def vendors_of(slices: pd.DataFrame) -> list[str]:
    """Vendors of the real training images in a table with ``SLICE_COLUMNS``: A, B or both."""
    train = slices[(slices["domain"] == "real") & (slices["split"] == "train")]
    return [vendor for vendor in VENDORS if (train["vendor"] == vendor).any()]


def load_slices(run: Path | str, rows: pd.DataFrame, column: str = "image") -> np.ndarray:
    """All slices of the images in ``rows``, in their order: shape (slice, row, column), as a viewer
    shows them.

    Row 0 is anterior, column 0 the viewer's left. float32 in [0, 1] for ``image``, uint8 for
    ``label``. Raises Sim2RealError for no image at all and for images of unequal size.
    """
    refuse(
        rows.empty,
        f"no {column} to load; expected at least one row in the table of slices",
    )
    read = read_image if column == "image" else read_labels
    stacks = [as_shown(read(Path(run) / path)) for path in rows[column]]
    shapes = {stack.shape[1:] for stack in stacks}
    refuse(
        len(shapes) > 1,
        f"images of unequal size {sorted(shapes)}; all must lie on one analysis grid",
    )
    return np.concatenate(stacks)


def as_shown(image: Image) -> np.ndarray:
    """(x, y, slice) to (slice, row, column)."""
    return np.ascontiguousarray(image.data.transpose(2, 1, 0))


def as_stored(slices: np.ndarray, affine: np.ndarray) -> Image:
    """The inverse of ``as_shown``."""
    return Image(np.ascontiguousarray(slices.transpose(2, 1, 0)), affine)
