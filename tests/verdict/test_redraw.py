"""Figures of a record, drawn again from its tables alone."""

import shutil
from pathlib import Path

import pytest

from sim2real.core.run import RunFolder
from sim2real.verdict import redraw as module
from sim2real.verdict.redraw import FIGURES, FOLDER, redraw

RECORD = Path(__file__).resolve().parents[2] / "book" / "chapters"
SOME = [("05_realism", "fig3"), ("06_segmentation", "table1"), ("04_translation", "keeps")]

pytestmark = pytest.mark.skipif(not (RECORD / "07_verdict.ipynb").is_file(), reason="no run of record in this checkout")


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    shutil.copytree(RECORD, tmp_path / "fetched", ignore=shutil.ignore_patterns("*.ipynb", "*.png", "*.svg"))
    monkeypatch.setattr(module, "FIGURES", {key: FIGURES[key] for key in SOME})
    return RunFolder(tmp_path / "fetched")


def test_figures_stand_on_the_records_own_numbers(fetched):
    assert [(figure.chapter, figure.name) for figure in redraw(fetched)] == SOME
    assert all(figure.same for figure in redraw(fetched))
    for chapter, name in SOME:
        for suffix in ("png", "svg", "csv"):
            assert (fetched.path / FOLDER / chapter / f"{name}.{suffix}").stat().st_size > 0


def test_a_table_that_was_changed_is_seen(fetched):
    path = fetched.chapter("05_realism") / "distances.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace("texture,", "texture,1"), *lines[2:], ""]), encoding="utf-8")
    assert {figure.name: figure.same for figure in redraw(fetched)} == {"fig3": False, "table1": True, "keeps": True}


def test_a_figure_whose_table_was_too_large_to_keep_is_passed_over(fetched):
    (fetched.chapter("04_translation") / "figures" / "keeps.csv").unlink()
    assert [figure.name for figure in redraw(fetched)] == ["fig3", "table1"]


def test_every_figure_that_is_drawn_again_is_one_of_the_record():
    for chapter, name in FIGURES:
        assert (RECORD / chapter / "figures" / f"{name}.json").is_file(), (chapter, name)
