import json

import pandas as pd
import pytest

from sim2real.data import FORMAT, RunFolder, Sim2RealError, fingerprint_of, resumable_folder


def test_results_are_flat_and_read_back(tmp_path):
    run = RunFolder(tmp_path)
    run.write_results("05_realism", {"fid": 31.5, "cohort": "surrogate", "missing": float("nan")})
    written = {"fid": 31.5, "cohort": "surrogate", "missing": None}
    assert run.results("05_realism") == {"format": FORMAT, **written}
    assert json.loads((tmp_path / "05_realism/results.json").read_text())["fid"] == 31.5


@pytest.mark.parametrize("value", [{"a": 1}, [1, 2]])
def test_nested_results_are_refused_and_nothing_is_written(tmp_path, value):
    with pytest.raises(Sim2RealError, match="results of 05_realism must be flat; deep is not"):
        RunFolder(tmp_path).write_results("05_realism", {"a": 1, "deep": value})
    assert not list(tmp_path.iterdir())


def test_missing_results_and_results_of_an_older_format_are_told_in_one_line(tmp_path):
    run = RunFolder(tmp_path)
    with pytest.raises(
        Sim2RealError, match="run the chapter first: sim2real run --until 05_realism"
    ):
        run.results("05_realism")
    (tmp_path / "05_realism").mkdir()
    (tmp_path / "05_realism" / "results.json").write_text('{"fid": 1}')
    with pytest.raises(Sim2RealError, match="of format 1, where 'simulated' may mean translated"):
        run.results("05_realism")


def test_tables_of_a_chapter_are_kept_by_name(tmp_path):
    run = RunFolder(tmp_path)
    run.write_manifest("03_real_cohort", pd.DataFrame({"subject": ["01"], "n": [3]}), "slices.csv")
    assert run.manifest("03_real_cohort", "slices.csv").to_dict("records") == [
        {"subject": "01", "n": 3}
    ]


def test_finished_work_of_the_same_fingerprint_is_kept_and_of_another_removed(tmp_path):
    folder = resumable_folder(tmp_path / "work", "one")
    (folder / "deep").mkdir()
    (folder / "deep" / "piece").write_text("done")
    assert (resumable_folder(folder, "one") / "deep" / "piece").read_text() == "done"
    resumable_folder(folder, "two")
    assert [path.name for path in folder.iterdir()] == [".made_with"] and (
        folder / ".made_with"
    ).read_text() == "two"


def test_folder_without_a_mark_is_not_trusted(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "piece").write_text("from elsewhere")
    assert not (resumable_folder(tmp_path / "work", "one") / "piece").exists()


def test_fingerprint_tells_content_from_content_but_not_order_of_names():
    assert fingerprint_of({"a": 1, "b": 2}, 3) == fingerprint_of({"b": 2, "a": 1}, 3)
    assert (
        len(
            {
                fingerprint_of({"a": 1}, 3),
                fingerprint_of({"a": 2}, 3),
                fingerprint_of({"a": 1}, 4),
                fingerprint_of({"a": "1"}, 3),
            }
        )
        == 4
    )
