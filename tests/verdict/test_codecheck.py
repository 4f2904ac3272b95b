"""``codecheck.yml`` holds what CODECHECK asks of an author, and every file of its manifest is made
by a run and in the record."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "book" / "chapters"
CONTENT = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))


def test_it_has_the_fields_that_codecheck_asks_of_an_author():
    assert CONTENT["version"] == "https://codecheck.org.uk/spec/config/1.0/"
    assert CONTENT["manifest"] and all(
        item["file"] and item["comment"] for item in CONTENT["manifest"]
    )
    assert CONTENT["paper"]["title"] and CONTENT["paper"]["reference"].startswith(
        "Executable companion of https://doi.org/"
    )
    assert CONTENT["paper"]["authors"] and all(
        author["name"] for author in CONTENT["paper"]["authors"]
    )


@pytest.mark.parametrize("file", [item["file"] for item in CONTENT["manifest"]])
def test_each_listed_file_is_made_by_a_run_and_in_the_record(file, tiny_run):
    place = Path(file).relative_to("book/chapters")
    made = tiny_run / "chapters" / place if place.suffix == ".ipynb" else tiny_run / place
    assert made.is_file()
    assert not (RECORD / "07_verdict.ipynb").is_file() or (ROOT / file).is_file()
