import doctest
import subprocess
import sys

import sim2real.verdict as package


def test_the_example_runs_and_every_public_name_is_there():
    result = doctest.testmod(package)
    assert result.attempted > 3 and result.failed == 0
    assert all(hasattr(package, name) for name in package.__all__)


def test_importing_the_packages_does_not_import_torch():
    names = ("metrics", "translation", "realism", "segmentation", "verdict")
    packages = ", ".join(f"sim2real.{name}" for name in names)
    code = f"import sys, {packages}; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
