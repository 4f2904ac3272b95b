"""The structures of a virtual subject: number, name, tissue and segmentation label, from one
table."""

from importlib.resources import files

import numpy as np
import pandas as pd

STRUCTURE_TABLE = pd.read_csv(
    files("sim2real.population").joinpath("structures.csv"), keep_default_na=False
)
ID = dict(zip(STRUCTURE_TABLE["name"], STRUCTURE_TABLE["id"], strict=True))

_LABEL_OF = np.zeros(256, np.uint8)
_LABEL_OF[STRUCTURE_TABLE["id"]] = STRUCTURE_TABLE["label"]


def labels_of(structures: np.ndarray) -> np.ndarray:
    """Segmentation labels (0 to 3) of a structure map, same shape, uint8."""
    return _LABEL_OF[structures]
