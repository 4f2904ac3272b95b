"""What makes a result stale: the syntax of the science it rests on, and no word about it."""

import json

import pytest

from sim2real.data import code

FILES = {
    "__init__.py": "",
    "alpha.py": '"""Words."""\nfrom .beta import something\n\ndef later():\n    """Words."""\n'
    "    from . import epsilon\n    return epsilon.y  # words\n",
    "beta.py": "import sim2real.gamma.tools as t\nsomething = t.value\n",
    "gamma/__init__.py": "",
    "gamma/tools.py": "from .deep import x\nvalue = x\n",
    "gamma/deep.py": "x = Field(1, ge=0, description='words')\n",
    "gamma/numbers.csv": "a\n1\n",
    "gamma/network.py": "z = 1\n",
    "gamma/network/card.json": "{}",
    "gamma/chapter.py": "columns = {'a': 'words'}\n",
    "delta.py": "y = 1\n",
    "epsilon.py": "y = 1\n",
    "paper/__init__.py": "",
    "paper/notebook.py": "from ..delta import y\n",
}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A small package: alpha imports beta, beta gamma.tools, that gamma.deep; delta stands
    alone."""
    root = tmp_path / "sim2real"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(code, "SOURCE", root)
    yield root
    digest("")


def digest(source: str) -> str:
    code._imports_of.cache_clear()  # a run of the program reads the sources once
    code._module_digest.cache_clear()
    return code.science_digest("sim2real.alpha", source=source) if source else ""


NOTEBOOK = "import sim2real.paper.notebook\nimport sim2real.gamma.chapter\nx = 1\n"


def test_modules_are_followed_through_every_kind_of_import(source):
    used = code.modules_used("from sim2real.alpha import later\nimport numpy\n")
    wanted = {"alpha", "beta", "gamma.tools", "gamma.deep", "epsilon"}
    assert {f"sim2real.{name}" for name in wanted} <= used
    assert not {"numpy", "sim2real.delta"} & used


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("alpha.py", "return epsilon.y", "return -epsilon.y"),
        ("beta.py", "something = t.value", "something = t.value + 1"),
        ("gamma/tools.py", "value = x", "value = 2 * x"),
        ("gamma/deep.py", "Field(1", "Field(2"),
        ("gamma/deep.py", "ge=0", "ge=1"),
        ("gamma/numbers.csv", "1", "2"),
        ("epsilon.py", "y = 1", "y = 2"),
    ],
)
def test_a_formula_a_number_and_a_table_count(source, name, old, new):
    before = digest(NOTEBOOK)
    (source / name).write_text((source / name).read_text().replace(old, new))
    assert digest(NOTEBOOK) != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("alpha.py", "Words", "Other words"),
        ("alpha.py", "# words", "# other words"),
        ("alpha.py", "return epsilon.y", "return (epsilon.y)"),
        ("gamma/deep.py", "'words'", "'other words'"),
        ("gamma/chapter.py", "'words'", "'other words'"),
        ("paper/notebook.py", "import y", "import y as z"),
        ("delta.py", "y = 1", "y = 2"),
    ],
)
def test_words_layout_and_the_press_do_not_count(source, name, old, new):
    before = digest(NOTEBOOK)
    changed = (source / name).read_text().replace(old, new)
    assert changed != (source / name).read_text()
    (source / name).write_text(changed)
    assert digest(NOTEBOOK) == before


def test_the_card_of_a_trained_network_counts_where_the_module_of_its_name_is_used(source):
    reader = "from sim2real.gamma.network import z\n"
    before = digest(NOTEBOOK), digest(reader)
    (source / "gamma" / "network" / "card.json").write_text('{"dice": 1}')
    assert digest(NOTEBOOK) == before[0]
    assert digest(reader) != before[1]


def test_the_notebook_s_own_code_counts_without_its_comments(source):
    assert digest(NOTEBOOK) != digest(NOTEBOOK.replace("x = 1", "x = 2"))
    assert digest(NOTEBOOK) == digest(NOTEBOOK.replace("x = 1", "x = 1  # words"))


def test_cells_of_a_notebook_count_without_magics_and_prose(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import sim2real.beta\n"]},
        {"cell_type": "markdown", "source": ["import x"]},
        {"cell_type": "code", "source": ["!ls\n", "a = 1"]},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    words = code.notebook_source(tmp_path / "n.ipynb").split()
    assert words == ["import", "sim2real.beta", "a", "=", "1"]


def test_the_real_simulation_rests_on_the_phantom_but_not_on_later_chapters():
    used = code.modules_used("import sim2real.simulation.stage")
    assert {"sim2real.simulation.signal", "sim2real.population.render"} <= used
    assert not any(name.split(".")[1] in ("translation", "segmentation", "cohort") for name in used)
