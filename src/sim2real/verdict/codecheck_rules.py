"""The rules of CODECHECK's configuration file, specification 1.0, as far as they can be held without a network.

Each bears the identifier of the CODECHECK register's own list. An error breaks a MUST of the specification, a warning a SHOULD.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..core.errors import Sim2RealError
from ..core.presets import parse_yaml

SPECIFICATION = "https://codecheck.org.uk/spec/config/1.0/"
ERROR, WARNING = "error", "warning"
REVIEWERS = {"CC-CFG-008": "codechecker", "CC-CFG-011": "report"}
"""Rules that a file cannot meet before a reviewer has written the node that they ask for."""
_PLACEHOLDER = re.compile(r"FIXME|TODO|XXXX", re.IGNORECASE)


class Broken(NamedTuple):
    rule: str
    severity: str
    what: str


def check_file(path: Path) -> list[Broken]:
    """Every rule that ``path``, a ``codecheck.yml``, breaks. Raises Sim2RealError if it cannot be read as YAML at all."""
    if not path.is_file():
        raise Sim2RealError(f"{path}: no such file; write one with 'sim2real codecheck'")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Sim2RealError(f"{path}: is not UTF-8 (CC-CFG-001); save it in that encoding") from None
    marker = re.match(r"(%[^\n]*\n)*---\s*(\n|$)", text)
    content = parse_yaml(text, f"{path} (CC-CFG-001)")
    found = [] if marker else [Broken("CC-CFG-002", ERROR, "the file does not start with the document marker ---")]
    if path.name != "codecheck.yml":
        found.append(Broken("CC-CFG-003", ERROR, f"the file is called {path.name}; expected codecheck.yml"))
    for rule in (_manifest, _reviewers, _paper, _values):
        found += rule(content, path.parent)
    return found


def _manifest(content: dict, bundle: Path) -> Iterator[Broken]:
    manifest = content.get("manifest")
    if not isinstance(manifest, list) or not manifest:
        yield Broken("CC-CFG-004", ERROR, "there is no list 'manifest'")
        return
    for number, item in enumerate(manifest, 1):
        name = item.get("file") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            yield Broken("CC-CFG-005", ERROR, f"manifest, item {number}: has no 'file'")
        elif PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "://" in name:
            yield Broken("CC-CFG-006", ERROR, f"manifest: {name} is not a path below codecheck.yml")
        elif not (bundle / name).is_file():
            yield Broken("CC-BUN-001", ERROR, f"manifest: {name} does not exist")


def _reviewers(content: dict, _: Path) -> Iterator[Broken]:
    people = content.get("codechecker")
    if not isinstance(people, list) or not people:
        yield Broken("CC-CFG-008", ERROR, "there is no list 'codechecker' with the reviewer's name")
    for person in people if isinstance(people, list) else []:
        if not isinstance(person, dict) or not person.get("name"):
            yield Broken("CC-CFG-009", ERROR, "an entry of 'codechecker' has no name")
        elif not person.get("ORCID"):
            yield Broken("CC-CFG-010", WARNING, f"codechecker {person['name']} has no ORCID")
    if not content.get("report"):
        yield Broken("CC-CFG-011", ERROR, "there is no 'report', the identifier of the published certificate")
    if "certificate" in content and not re.fullmatch(r"\d{4}-\d{3}", str(content["certificate"])):
        yield Broken("CC-CFG-026", ERROR, f"certificate {content['certificate']} is not of the form 2026-001")


def _paper(content: dict, _: Path) -> Iterator[Broken]:
    if content.get("version") != SPECIFICATION:
        yield Broken("CC-CFG-015" if content.get("version") else "CC-CFG-014", WARNING, f"'version' does not name {SPECIFICATION}")
    paper = content.get("paper")
    if not isinstance(paper, dict):
        yield Broken("CC-CFG-016", WARNING, "there is no 'paper'")
        return
    for rule, node in (("CC-CFG-017", "title"), ("CC-CFG-021", "reference")):
        if not paper.get(node):
            yield Broken(rule, WARNING, f"paper has no '{node}'")
    authors = paper.get("authors")
    if not isinstance(authors, list) or not authors:
        yield Broken("CC-CFG-018", WARNING, "paper has no list 'authors'")
    for author in authors if isinstance(authors, list) else []:
        if not isinstance(author, dict) or not author.get("name"):
            yield Broken("CC-CFG-019", WARNING, "an author has no name")
        elif not author.get("ORCID"):
            yield Broken("CC-CFG-020", WARNING, f"author {author['name']} has no ORCID")


def _values(content: dict, _: Path) -> Iterator[Broken]:
    for path, value in _leaves(content):
        if isinstance(value, str) and _PLACEHOLDER.search(value):
            rule = "CC-CFG-013" if path == "report" else "CC-CFG-023"
            yield Broken(rule, ERROR, f"{path} still holds the placeholder '{value[:60]}'")
        if path.rsplit(".", 1)[-1] == "ORCID" and value and not valid_orcid(str(value)):
            yield Broken("CC-MET-001", ERROR, f"{path}: {value} is no ORCID; expected 16 digits in groups of four, without an address")


def valid_orcid(text: str) -> bool:
    """Whether a text is an ORCID with a right last digit (ISO 7064, modulus 11-2)."""
    if not re.fullmatch(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", text):
        return False
    total = 0
    for digit in text.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11] == text[-1]


def _leaves(tree: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value, path)
    else:
        yield path, tree
