"""Sets of slices and of features made by hand."""

import numpy as np
import pytest
import yaml

from sim2real.paper.parameters import load_parameters
from sim2real.realism.sets import SliceSet

SLICES = 8


@pytest.fixture(scope="session")
def write_parameters():
    """``write_parameters(folder, changes)``: the file by which a run tells its parameters, those of
    the tiny preset but for ``changes``."""

    def write(folder, changes=()):
        text = yaml.safe_dump(load_parameters("tiny", list(changes)).model_dump(mode="json"))
        (folder / "parameters.yaml").write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def people():
    """``people(values, prefix)``: a set whose values (n, ...) are of subjects of eight slices each,
    the last perhaps of fewer."""

    def make(values, prefix="s"):
        return SliceSet(values, np.array([f"{prefix}{k // SLICES:03}" for k in range(len(values))]))

    return make
