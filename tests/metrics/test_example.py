import doctest

import sim2real.metrics as package


def test_the_example_runs_and_every_public_name_is_there():
    result = doctest.testmod(package)
    assert result.attempted > 3 and result.failed == 0
    assert all(hasattr(package, name) for name in package.__all__)
