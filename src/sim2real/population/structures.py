"""The structures of a virtual subject: number, name, tissue and segmentation label, from one
table."""

from importlib.resources import files

import numpy as np
import pandas as pd

STRUCTURES = pd.read_csv(
    files("sim2real.population").joinpath("structures.csv"), keep_default_na=False
)
ID = dict(zip(STRUCTURES["name"], STRUCTURES["id"], strict=True))

_LABEL_OF = np.zeros(256, np.uint8)
_LABEL_OF[STRUCTURES["id"]] = STRUCTURES["label"]


def labels_of(structures: np.ndarray) -> np.ndarray:
    """Segmentation labels (0 to 3) of a structure map, same shape, uint8."""
    return _LABEL_OF[structures]
