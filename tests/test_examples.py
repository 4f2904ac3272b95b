"""The example at the head of each package."""

import doctest
import importlib

import pytest

PACKAGES = (
    "data metrics population simulation cohort translation realism segmentation verdict".split()
)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_example_runs_and_every_public_name_is_there(name):
    package = importlib.import_module(f"sim2real.{name}")
    result = doctest.testmod(package)
    assert result.attempted > 2 and result.failed == 0
    assert all(hasattr(package, name) for name in package.__all__)
