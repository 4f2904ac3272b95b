"""The CODECHECK files of a run meet CODECHECK's own rules but for what only a reviewer can write; every planted fault is named by its rule."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sim2real.core.errors import Sim2RealError
from sim2real.verdict import codecheck as module
from sim2real.verdict.codecheck import MANIFEST, Bundle, as_yaml, certificate, configuration, reviewers_share, timed_checks, write_codecheck
from sim2real.verdict.codecheck_rules import REVIEWERS, check_file, valid_orcid
from sim2real.verdict.tolerances import tolerances_table
from sim2real.verdict.verify import CHECKS

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "book" / "chapters"
REVIEW = {"codechecker": [{"name": "A. Reviewer", "ORCID": "0000-0002-1825-0097"}], "report": "https://doi.org/10.5281/zenodo.1234567"}

pytestmark = pytest.mark.skipif(not (RECORD / "07_verdict.ipynb").is_file(), reason="no run of record in this checkout")


@pytest.fixture
def bundle(tmp_path) -> Bundle:
    """A run's folder with the files of the manifest, and what the certificate reads."""
    for chapter, name, _ in MANIFEST:
        (tmp_path / chapter / "figures").mkdir(parents=True, exist_ok=True)
        shutil.copy(RECORD / chapter / name, tmp_path / chapter / name)
    shutil.copy(RECORD / "07_verdict" / "results.json", tmp_path / "07_verdict" / "results.json")
    return Bundle(tmp_path, tmp_path)


@pytest.fixture
def quick_checks(monkeypatch):
    table = pd.DataFrame([("tables", "Tables from tables", 12, 0, 0.4), ("all", "Together", 12, 0, 0.4)], columns=module.TIMES)
    monkeypatch.setattr(module, "timed_checks", lambda run, project: table)


def rules(bundle: Bundle, content: dict | str) -> set[str]:
    text = content if isinstance(content, str) else as_yaml(content)
    bundle.configuration.write_text(text, encoding="utf-8")
    return {broken.rule for broken in check_file(bundle.configuration) if broken.severity == "error"}


def test_the_file_meets_every_rule_but_the_reviewers(bundle):
    content = configuration(bundle, ROOT)
    assert rules(bundle, content) == set(REVIEWERS)
    assert rules(bundle, content | REVIEW) == set()
    assert content["paper"]["authors"] and content["sim2real_repeats"]["authors"][0]["name"] == "Sina Amirrajab"
    assert not {"codechecker", "report", "certificate"} & set(content)


PLANTED = {
    "CC-CFG-004": lambda c: c.pop("manifest"),
    "CC-CFG-005": lambda c: c["manifest"][0].pop("file"),
    "CC-CFG-006": lambda c: c["manifest"][0].update(file="/etc/hosts"),
    "CC-BUN-001": lambda c: c["manifest"][0].update(file="06_segmentation/table9.csv"),
    "CC-CFG-008": lambda c: c.update(codechecker=[]),
    "CC-CFG-009": lambda c: c.update(codechecker=[{"ORCID": "0000-0002-1825-0097"}]),
    "CC-CFG-011": lambda c: c.pop("report"),
    "CC-CFG-013": lambda c: c.update(report="https://doi.org/10.5281/zenodo.FIXME"),
    "CC-CFG-023": lambda c: c.update(summary="TODO: write"),
    "CC-CFG-026": lambda c: c.update(certificate="no. 7"),
    "CC-MET-001": lambda c: c.update(codechecker=[{"name": "A. Reviewer", "ORCID": "0000-0002-1825-0098"}]),
}


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_fault_is_named_by_its_rule(bundle, rule):
    content = configuration(bundle, ROOT) | REVIEW
    PLANTED[rule](content)
    assert rules(bundle, content) == {rule}


def test_a_file_without_its_marker_by_another_name_or_without_yaml_is_refused(bundle):
    text = as_yaml(configuration(bundle, ROOT) | REVIEW)
    assert rules(bundle, text.replace("%YAML 1.1\n---\n", "")) == {"CC-CFG-002"}
    assert rules(bundle, text.replace("%YAML 1.1\n", "")) == set()
    other = bundle.root / "check.yml"
    other.write_text(text, encoding="utf-8")
    assert [broken.rule for broken in check_file(other) if broken.severity == "error"] == ["CC-CFG-003"]
    with pytest.raises(Sim2RealError, match="CC-CFG-001"):
        rules(bundle, "---\nmanifest: [")
    with pytest.raises(Sim2RealError, match="no such file"):
        check_file(bundle.root / "nowhere" / "codecheck.yml")


def test_what_a_should_asks_for_is_a_warning_and_no_error(bundle):
    content = configuration(bundle, ROOT) | REVIEW
    bare = {name: content[name] for name in ("manifest", "codechecker", "report")}
    bundle.configuration.write_text(as_yaml(bare), encoding="utf-8")
    assert {(broken.rule, broken.severity) for broken in check_file(bundle.configuration)} == {
        ("CC-CFG-014", "warning"),
        ("CC-CFG-016", "warning"),
    }


@pytest.mark.parametrize("text, valid", [("0000-0002-1825-0097", True), ("0000-0001-5109-3700", True), ("0000-0002-1694-233X", True),
                                         ("0000-0002-1825-0096", False), ("https://orcid.org/0000-0002-1825-0097", False), ("0000", False)])  # fmt: skip
def test_an_orcid_is_known_by_its_last_digit(text, valid):
    assert valid_orcid(text) is valid


def test_a_reviewers_words_are_kept_when_the_command_is_repeated(bundle, quick_checks):
    broken, _ = write_codecheck(bundle, ROOT)
    mine, theirs = reviewers_share(broken)
    assert not mine and sorted(theirs) == ["codechecker", "report"]
    bundle.configuration.write_text(as_yaml(configuration(bundle, ROOT) | REVIEW | {"summary": "All was made anew."}), encoding="utf-8")
    broken, _ = write_codecheck(bundle, ROOT)
    assert reviewers_share(broken) == ([], [])
    draft = (bundle.folder / "certificate.md").read_text(encoding="utf-8")
    assert "A. Reviewer" in draft and "All was made anew." in draft


def test_the_certificate_lists_every_output_and_every_check_and_claims_nothing(bundle, quick_checks):
    write_codecheck(bundle, ROOT)
    draft = (bundle.folder / "certificate.md").read_text(encoding="utf-8")
    assert all(f"`{chapter}/{name}`" in draft for chapter, name, _ in MANIFEST)
    assert "| tables | Tables from tables | 12 | 0 | 0.4 |" in draft and "*your name and ORCID*" in draft
    assert draft.count("*yes, no, or how it differs*") == len(MANIFEST)


def test_a_picture_that_may_not_be_passed_on_gives_way_to_its_table_and_a_missing_table_is_refused(bundle):
    picture = bundle.run / "04_translation" / "figures" / "fig1.png"
    picture.with_suffix(".csv").write_text("patch\n", encoding="utf-8")
    picture.unlink()
    first = configuration(bundle, ROOT)["manifest"][0]
    assert first["file"].endswith("fig1.csv") and "may not be passed on" in first["comment"]
    (bundle.run / "06_segmentation" / "table1.csv").unlink()
    with pytest.raises(Sim2RealError, match="table1.csv: missing"):
        configuration(bundle, ROOT)


def test_checks_are_timed_one_by_one(monkeypatch):
    cheap = {name: CHECKS[name] for name in ("inputs", "splits")}
    monkeypatch.setattr(module, "CHECKS", cheap)
    table = timed_checks(RECORD, ROOT)
    assert list(table["check"]) == [*cheap, "all"] and (table["seconds"] >= 0).all()
    assert table["compared"].iloc[-1] == table["compared"].iloc[:-1].sum() > 0 and not table["mismatches"].any()


def test_the_repositorys_own_file_is_the_generated_one():
    content = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))
    generated = configuration(Bundle(ROOT, RECORD), ROOT)
    assert {name: value for name, value in content.items() if name not in module.KEPT} == {
        name: value for name, value in generated.items() if name not in module.KEPT}  # fmt: skip


def test_the_books_tables_are_the_generated_ones():
    assert list(pd.read_csv(ROOT / "book" / "checks.csv")["check"]) == [*CHECKS, "all"]
    assert pd.read_csv(ROOT / "book" / "tolerances.csv", dtype=str).equals(tolerances_table().astype(str))


def test_a_draft_names_the_run(bundle):
    draft = certificate(configuration(bundle, ROOT), pd.DataFrame(columns=module.TIMES), module.RunFolder(bundle.run))
    assert "preset quick" in draft or "preset standard" in draft or "preset paper" in draft


@pytest.mark.parametrize(
    "written", [{"summary": None}, {"codechecker": None}, {"codechecker": {"name": "A"}}, {"codechecker": [{"ORCID": "0"}]}]
)
def test_what_a_reviewer_left_unfinished_is_drafted_all_the_same(bundle, written):
    content = configuration(bundle, ROOT) | written
    draft = certificate(content, pd.DataFrame(columns=module.TIMES), module.RunFolder(bundle.run))
    assert "*your name and ORCID*" in draft and "*What could be made anew" in draft
