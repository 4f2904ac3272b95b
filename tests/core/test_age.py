import json
import subprocess

import pytest
from sim2real.core import age
from sim2real.core.age import blob_name, changed_since, write_code

from sim2real.data.root import repository
from sim2real.paper.badges import note_html


@pytest.fixture
def record(tmp_path):
    write_code(tmp_path, age._ROOT, "unknown")
    return tmp_path


def alter(record, path):
    names = json.loads((record / age.FILE).read_text())
    assert path in names
    names[path] = "0" * 40
    (record / age.FILE).write_text(json.dumps(names))


def test_names_are_those_of_git(tmp_path):
    (tmp_path / "some.py").write_text("x = 1\n")
    told = subprocess.run(
        ["git", "hash-object", str(tmp_path / "some.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert blob_name(tmp_path / "some.py") == told.stdout.strip()


def test_a_record_of_the_code_as_it_is_is_not_old(record):
    for page in (
        "01_virtual_population",
        "05_realism",
        "04_train_translation_A",
        "06_train_segmentation_real_0",
        "guide",
    ):
        assert changed_since(record, page) == []


def test_a_change_is_named_on_the_pages_that_rest_on_it_and_on_no_other(record):
    alter(record, "src/sim2real/translation/resample.py")
    assert changed_since(record, "04_train_translation_B") == ["translation.resample"]
    assert changed_since(record, "01_virtual_population") == []


def test_a_changed_table_is_named_where_its_folders_modules_are_used(record):
    alter(record, "src/sim2real/segmentation/published.csv")
    assert changed_since(record, "06_segmentation") == ["table published.csv"]
    assert changed_since(record, "02_mr_simulation") == []


def test_a_changed_notebook_is_named(record):
    alter(record, "notebooks/04_train_translation.ipynb")
    assert changed_since(record, "04_train_translation_A") == ["notebook 04_train_translation"]


def test_a_folder_without_the_names_says_nothing(tmp_path):
    assert changed_since(tmp_path, "05_realism") == []


def test_the_note_names_what_has_changed_as_text():
    assert note_html([]) == ""
    note = note_html(["realism.distances", "<script>"])
    assert "2 parts" in note and "<code>realism.distances</code>" in note and "<script>" not in note


def test_the_names_of_a_commit_are_taken_from_git_where_it_is_known(tmp_path):
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=repository(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not in a checkout of git")
    write_code(tmp_path, repository(), head)
    names = json.loads((tmp_path / age.FILE).read_text())
    told = subprocess.run(
        ["git", "rev-parse", "HEAD:src/sim2real/cli.py"],
        cwd=repository(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert names["src/sim2real/cli.py"] == told.stdout.strip()
