"""Sets of slices and of features made by hand."""

import numpy as np
import pytest

from sim2real.realism import SliceSet

SLICES = 8


@pytest.fixture
def people():
    """``people(values, prefix)``: a set whose values (n, ...) are of subjects of eight slices each,
    the last perhaps of fewer."""

    def make(values, prefix="s"):
        return SliceSet(values, np.array([f"{prefix}{k // SLICES:03}" for k in range(len(values))]))

    return make
