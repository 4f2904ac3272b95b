"""The page of functions names doors that exist, each with a description and a sub-package's
order."""

import importlib
import re
from pathlib import Path

from sim2real.paper.chapters import CHAPTERS

PAGE = (Path(__file__).resolve().parents[2] / "book" / "api.md").read_text(encoding="utf-8")
NAMES = re.findall(r"^\.\. auto(?:function|class):: (sim2real[\w.]+)$", PAGE, flags=re.MULTILINE)


def test_every_name_is_there_once_and_is_described():
    assert len(NAMES) == len(set(NAMES)) > 50
    for name in NAMES:
        module, _, thing = name.rpartition(".")
        found = getattr(importlib.import_module(module), thing)
        assert (found.__doc__ or "").strip(), name


def test_every_package_has_some_in_the_order_of_imports():
    packages = list(dict.fromkeys(name.split(".")[1] for name in NAMES))
    chapters = [chapter.section for chapter in CHAPTERS]
    assert [name for name in packages if name != "paper"] == [
        "data",
        "metrics",
        *chapters,
        "course",
    ]


def test_the_example_gives_a_signal():
    example = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[1]
    *statements, last = example.strip().splitlines()
    names: dict = {}
    exec("\n".join(statements), names)
    assert 0 < eval(last, names) < 0.8
