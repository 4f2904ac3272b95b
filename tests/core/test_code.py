import json
import shutil

import pytest
from sim2real.core import code


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A small package: alpha imports beta by a relative import, beta imports gamma.tools; delta
    stands alone."""
    root = tmp_path / "sim2real"
    (root / "gamma").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "alpha.py").write_text(
        "from .beta import something\n\ndef later():\n    from . import epsilon\n"
    )
    (root / "beta.py").write_text("import sim2real.gamma.tools as t\nsomething = 1\n")
    (root / "gamma" / "__init__.py").write_text("")
    (root / "gamma" / "tools.py").write_text("from .deep import x\nvalue = 1\n")
    (root / "gamma" / "deep.py").write_text("x = 1\n")
    (root / "gamma" / "numbers.csv").write_text("a\n1\n")
    (root / "delta.py").write_text("y = 1\n")
    (root / "epsilon.py").write_text("y = 1\n")
    monkeypatch.setattr(code, "SOURCE", root)
    code._imports_of.cache_clear()
    yield root
    code._imports_of.cache_clear()


def fingerprint() -> str:
    code._imports_of.cache_clear()  # each run of the program reads the sources once
    return code.code_fingerprint("sim2real.alpha")


def test_modules_are_followed_through_every_kind_of_import(source):
    used = code.modules_used("from sim2real.alpha import later\nimport numpy\n")
    wanted = {
        "sim2real.alpha",
        "sim2real.beta",
        "sim2real.gamma.tools",
        "sim2real.gamma.deep",
        "sim2real.epsilon",
    }
    assert wanted <= used and not {"numpy", "sim2real.delta"} & used


@pytest.mark.parametrize(
    "changed",
    ["alpha.py", "beta.py", "gamma/tools.py", "gamma/deep.py", "gamma/numbers.csv", "epsilon.py"],
)
def test_fingerprint_changes_with_whatever_is_imported_and_the_tables_beside_it(source, changed):
    before = fingerprint()
    (source / changed).write_text((source / changed).read_text() + "\n# more\n")
    assert fingerprint() != before


def test_fingerprint_stays_when_another_module_changes(source):
    before = fingerprint()
    (source / "delta.py").write_text("y = 2\n")
    (source / "zeta.py").write_text("z = 2\n")
    assert fingerprint() == before


def test_fingerprint_does_not_depend_on_where_the_code_lies(source, tmp_path, monkeypatch):
    before = fingerprint()
    shutil.copytree(source, tmp_path / "copy" / "sim2real")
    monkeypatch.setattr(code, "SOURCE", tmp_path / "copy" / "sim2real")
    assert fingerprint() == before


def test_cells_of_a_notebook_count_without_magics_and_prose(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import sim2real.beta\n"]},
        {"cell_type": "markdown", "source": ["import x"]},
        {"cell_type": "code", "source": ["!ls\n", "a = 1"]},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    assert code.notebook_source(tmp_path / "n.ipynb").split() == [
        "import",
        "sim2real.beta",
        "a",
        "=",
        "1",
    ]


def test_the_real_simulation_rests_on_the_phantom_but_not_on_later_chapters():
    code._imports_of.cache_clear()
    used = code.modules_used("import sim2real.simulation.stage")
    assert {
        "sim2real.simulation.signal",
        "sim2real.population.structures",
        "sim2real.data.images",
    } <= used
    assert not any(
        name.startswith(("sim2real.translation", "sim2real.segmentation", "sim2real.cohort"))
        for name in used
    )
