"""What a CODECHECK of a run begins with: its configuration file, the checks with their times, and a draft of the certificate.

A CODECHECK is an independent execution of a paper's computations by a reviewer, who says in a certificate what could be made anew
(Nüst and Eglen 2021). The files here are the author's share; what only a reviewer can write is left out and named.
"""

import platform
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from ..core.errors import Sim2RealError
from ..core.files import write_table, write_text
from ..core.presets import parse_yaml
from ..core.run import RunFolder
from .codecheck_rules import REVIEWERS, SPECIFICATION, Broken, check_file
from .verify import CHECKS, verify

MANIFEST = (
    ("04_translation", "figures/fig1.png", "Figure 1: the method, with this run's own images"),
    ("01_virtual_population", "figures/fig2_volumes.png", "Figure 2, left: volumes of the virtual population"),
    ("02_mr_simulation", "figures/fig2_examples.png", "Figure 2, right: simulated images with labels"),
    ("05_realism", "figures/fig3.png", "Figure 3: distances of simulated, translated and real images"),
    ("05_realism", "distances.csv", "The numbers behind Figure 3, with intervals"),
    ("06_segmentation", "figures/table1.png", "Table 1, published and reproduced"),
    ("06_segmentation", "table1.csv", "Table 1 as numbers"),
    ("06_segmentation", "table1_intervals.csv", "Intervals of Table 1 over subjects"),
    ("06_segmentation", "cases.csv", "Dice and Hausdorff distance of every test image, behind Table 1"),
    ("07_verdict", "claims.csv", "The ledger: every claim with its evidence and verdict"),
    ("07_verdict", "comparison.csv", "Every cell of the published Table 1 beside this run's"),
)
KEPT = ("codechecker", "report", "summary", "repository", "check_time", "certificate")
"""Nodes that others than the command write."""
TIMES = ("check", "what is repeated", "compared", "mismatches", "seconds")
"""Seconds are those of one processor core, which other work on the machine does not lengthen."""


class Bundle(NamedTuple):
    """Where the files of a CODECHECK lie. ``root``: the folder of ``codecheck.yml``; ``run``: the run checked, below it or it itself."""

    root: Path
    run: Path

    @property
    def configuration(self) -> Path:
        return self.root / "codecheck.yml"

    @property
    def folder(self) -> Path:
        return self.root / "codecheck"


def write_codecheck(bundle: Bundle, project: Path) -> tuple[list[Broken], pd.DataFrame]:
    """Write ``codecheck.yml``, and ``checks.csv`` and ``certificate.md`` in ``codecheck/``.

    project: the folder of ``CITATION.cff``. Returns the rules that the file breaks, and the table of checks. What a reviewer has
    written into a ``codecheck.yml`` that is there already is kept.
    """
    content = configuration(bundle, project)
    if bundle.configuration.is_file():
        kept = parse_yaml(bundle.configuration.read_text(encoding="utf-8"), str(bundle.configuration))
        content |= {name: kept[name] for name in KEPT if name in kept}
    write_text(bundle.configuration, as_yaml(content))
    broken = check_file(bundle.configuration)
    checks = timed_checks(bundle.run, project)
    write_table(bundle.folder / "checks.csv", checks)
    write_text(bundle.folder / "certificate.md", certificate(content, checks, RunFolder(bundle.run)))
    return broken, checks


def configuration(bundle: Bundle, project: Path) -> dict:
    """The content of ``codecheck.yml`` without what only a reviewer can write.

    Raises Sim2RealError for a run that lacks a file of the manifest.
    """
    citation = parse_yaml((project / "CITATION.cff").read_text(encoding="utf-8"), "CITATION.cff")
    paper = citation["preferred-citation"]
    reference = _reference(paper)
    return {
        "version": SPECIFICATION,
        "manifest": [{"file": path.relative_to(bundle.root).as_posix(), "comment": comment} for path, comment in _files(bundle.run)],
        "paper": {"title": citation["title"], "authors": _people(citation["authors"]), "reference": f"Executable companion of {reference}"},
        "source": "An independent re-implementation of the paper named under sim2real_repeats, not by its authors. The outputs in the manifest "
        "are this run's; those of the paper stand beside them where it printed them.",
        "sim2real_repeats": {"title": paper["title"], "authors": _people(paper["authors"]), "reference": reference},
    }  # fmt: skip


def as_yaml(content: dict) -> str:
    return "%YAML 1.1\n---\n" + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def timed_checks(run: Path, project: Path) -> pd.DataFrame:
    """Every check of ``sim2real verify`` with its result and the processor's seconds it took here: columns ``TIMES``, a last row of all together."""
    rows = []
    for name, action in CHECKS.items():
        started = time.process_time()
        check = next(iter(verify(run, project, name)))
        told = action.__doc__.splitlines()[0].rstrip(".") + (f" ({check.note})" if check.note else "")
        rows.append((name, told, check.compared, len(check.faults), round(time.process_time() - started, 1)))
    table = pd.DataFrame(rows, columns=TIMES)
    total = ("all", f"Together ({platform.system()}, {platform.machine()})", *table[list(TIMES[2:])].sum())
    return pd.DataFrame([*rows, total], columns=TIMES).astype({"compared": int, "mismatches": int, "seconds": float})


def certificate(content: dict, checks: pd.DataFrame, run: RunFolder) -> str:
    """A draft of the certificate in Markdown: what is known is filled in, what a reviewer writes stands as a question."""
    verdict = run.results("07_verdict")
    people = ", ".join(person["name"] for person in content.get("codechecker") or [] if isinstance(person, dict) and person.get("name"))
    lines = [
        "# CODECHECK certificate (draft)", "",
        f"- Certificate: {content.get('certificate', '*assigned by the CODECHECK register*')}",
        f"- Codechecker: {people or '*your name and ORCID*'}",
        f"- Date of the check: {content.get('check_time', '*when you finish*')}",
        f"- Checked: {content['paper']['title']}, by {', '.join(person['name'] for person in content['paper']['authors'])}",
        f"- It repeats: {content['sim2real_repeats']['title']} ({content['sim2real_repeats']['reference']})",
        f"- Run: preset {verdict['preset']}, seed {verdict['seed']}, cohort {verdict['cohort']}", "",
        "## Summary", "", str(content.get("summary") or "*What could be made anew, and what could not?*").strip(), "",
        "## Outputs", "", "| file | what it is | made anew? |", "|---|---|---|",
        *(f"| `{item['file']}` | {item['comment']} | *yes, no, or how it differs* |" for item in content["manifest"]), "",
        "## What `sim2real verify` found here", "", f"| {' | '.join(TIMES)} |", "|---|---|---|---|---|",
        *("| " + " | ".join(_cell(row[name]) for name in TIMES) + " |" for row in checks.to_dict("records")), "",
        "A check with nothing compared needs images, which this run's folder does not hold.", "",
        "## How to check", "",
        "1. `make verify` repeats what can be repeated without training.",
        f"2. `sim2real run --preset {verdict['preset']} --run mine` executes everything; `sim2real diff record mine` lists what differs.",
        "3. Look at each file of the list beside its page in the book, and write down what you see.",
        "4. Add `codechecker`, `report` and, once assigned, `certificate` to `codecheck.yml`; `sim2real codecheck --check codecheck.yml` holds it "
        "against CODECHECK's rules.", "",
        "## Notes of the codechecker", "", "*Operating system, processor, time it took, what had to be changed.*", "",
    ]  # fmt: skip
    return "\n".join(lines)


def reviewers_share(broken: list[Broken]) -> tuple[list[Broken], list[str]]:
    """(errors that the author must mend, nodes that only a reviewer can fill)."""
    errors = [rule for rule in broken if rule.severity == "error"]
    return [rule for rule in errors if rule.rule not in REVIEWERS], [REVIEWERS[rule.rule] for rule in errors if rule.rule in REVIEWERS]


def _files(run: Path) -> list[tuple[Path, str]]:
    """Paths with their comments; a picture that may not be passed on gives way to the table behind it."""
    found = []
    for chapter, name, comment in MANIFEST:
        path = run / chapter / name
        if not path.is_file() and path.suffix == ".png" and path.with_suffix(".csv").is_file():
            path, comment = path.with_suffix(".csv"), f"{comment}: its table, since the picture may not be passed on"
        if not path.is_file():
            raise Sim2RealError(f"{path}: missing; a CODECHECK needs a whole run, executed to chapter 7")
        found.append((path, comment))
    return found


def _people(entries: list[dict]) -> list[dict]:
    people = []
    for entry in entries:
        name = entry.get("name") or f"{entry['given-names']} {entry['family-names']}"
        orcid = str(entry.get("orcid", "")).rsplit("/", 1)[-1]
        people.append({"name": name} | ({"ORCID": orcid} if orcid else {}))
    return people


def _reference(paper: dict) -> str:
    """The DOI that arXiv gives each of its papers, else the address."""
    number = next(
        (str(item["value"]).partition(":")[2] for item in paper.get("identifiers", []) if str(item["value"]).startswith("arXiv:")), ""
    )
    return f"https://doi.org/10.48550/arXiv.{number}" if number else paper["url"]


def _cell(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
