"""What can be repeated cheaply of a run, or of the record, is repeated and held against what it says."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import nibabel
import numpy as np
import pandas as pd
from nibabel.filebasedimages import ImageFileError

from ..core.errors import Sim2RealError
from ..core.files import folder_stamp, read_json, read_table, sha256
from ..core.jobs import parameters_behind
from ..core.notebook import spoken
from ..core.origin import figure_files, origins
from ..core.parameters import Parameters
from ..core.run import CHAPTERS, SECTIONS, RunFolder
from ..core.workflow import run_parameters
from ..realism.distances import point_distances
from ..realism.sets import described, image_sets, texture_space
from ..segmentation.evaluate import judge, table1
from ..segmentation.layout import read_published
from ..segmentation.predictions import predictions_folder, read_predictions
from ..segmentation.statistics import comparison_table, interval_table, joined
from ..translation.watch import chosen_by
from .compare import compare_table
from .ledger import evidence, ledger

SEGMENTATION, REALISM, COHORT, TRANSLATION = "06_segmentation", "05_realism", "03_real_cohort", "04_translation"


class Check(NamedTuple):
    """``compared``: how many things were; ``faults``: one line for each mismatch; ``note``: why nothing could be compared."""

    name: str
    compared: int
    faults: list[str]
    note: str = ""


class Subject(NamedTuple):
    """What is verified: the run's folder, the parameters it was made with, and the project's own folder."""

    run: RunFolder
    parameters: Parameters
    root: Path

    @property
    def has_images(self) -> bool:
        """Whether its images are there; the record has none."""
        return (self.run.path / "chapters").is_dir()

    @property
    def pages(self) -> Path:
        """The folder of the executed notebooks."""
        return self.run.path / "chapters" if self.has_images else self.run.path

    def notebooks(self) -> list[Path]:
        return sorted(self.pages.glob("*.ipynb"))


def verify(folder: Path, root: Path, *names: str) -> Iterator[Check]:
    """Every check on the run in ``folder`` (``book/chapters`` for the record), as each is done, or those of ``CHECKS`` that are named.

    root: the project's folder. Raises Sim2RealError where there is no whole run.
    """
    subject = Subject(RunFolder(folder), run_parameters(folder), root)
    if not (folder / "provenance.json").is_file():
        raise Sim2RealError(f"{folder / 'provenance.json'}: missing; only a run executed to chapter 7 can be verified")
    for name in names or CHECKS:
        try:
            yield Check(name, *CHECKS[name](subject))
        except Sim2RealError as error:  # a file that is not there or cannot be read is a mismatch, and the others are still looked at
            yield Check(name, 0, [str(error)])
        except (KeyError, ValueError, OSError, AttributeError, ImageFileError) as error:  # nbformat's are ValueErrors
            told = (str(error).splitlines() or [""])[0][:200]
            yield Check(name, 0, [f"a file is damaged or another's: {type(error).__name__} {told}"])


def files(subject: Subject) -> tuple[int, list[str]]:
    """Each chapter is there and its numbers are named."""
    known = read_json(subject.run.path / "provenance.json")["results_sha256"]
    pages = [subject.pages / f"{name}.ipynb" for name in CHAPTERS]
    faults = [f"{page.relative_to(subject.run.path)}: missing" for page in pages if not page.is_file()]
    faults += [f"provenance.json: names no results of {name}" for name in list(CHAPTERS)[:-1] if name not in known]
    return 2 * len(CHAPTERS) - 1, faults


def inputs(subject: Subject) -> tuple[int, list[str], str]:
    """Parameters, data and each chapter's numbers are those the provenance names."""
    content = read_json(subject.run.path / "provenance.json")
    pairs = {"parameters.yaml": (content["parameters_sha256"], subject.parameters.digest())}
    for name, written in content["results_sha256"].items():
        path = subject.run.chapter(name) / "results.json"
        pairs[f"{name}/results.json"] = (written, sha256(path) if path.is_file() else "missing")
    notes = []
    for section, name in (("cohort", "mnms_root"), ("cohort", "acdc_root"), ("population", "xcat_root")):
        path = getattr(getattr(subject.parameters, section), name)
        if path and (subject.root / path).is_dir():
            pairs[f"{section}.{name}"] = (content["data"].get(name), folder_stamp(subject.root / path, times=False))
        elif path:
            notes.append(f"{section}.{name} is not on this machine")
    faults = [f"{name}: is not the one that provenance.json names" for name, (one, two) in pairs.items() if one != two]
    return len(pairs), faults, "; ".join(notes)


def splits(subject: Subject) -> tuple[int, list[str]]:
    """No test subject was trained on, and every judged case is a test subject of the vendor it is given to."""
    slices = subject.run.manifest(COHORT, "slices.csv")
    real = slices[slices["domain"] == "real"]
    tests = {(row.vendor, row.subject) for row in real[real["split"] == "test"].itertuples()}
    trained = {(row.vendor, row.subject) for row in real[real["split"] == "train"].itertuples()}
    faults = [f"{COHORT}/slices.csv: subject {name} of vendor {vendor} is in train and in test" for vendor, name in sorted(tests & trained)]
    judged = {(row.vendor, row.subject) for row in subject.run.manifest(SEGMENTATION, "cases.csv").itertuples()}
    faults += [f"{SEGMENTATION}/cases.csv: subject {name} is no test subject of vendor {vendor}" for vendor, name in sorted(judged - tests)]
    faults += [
        f"{SEGMENTATION}/cases.csv: test subject {name} of vendor {vendor} was not judged" for vendor, name in sorted(tests - judged)
    ]
    learned: set = set()
    for path in (subject.run.chapter(SEGMENTATION) / "nnunet").rglob("cases.csv"):
        learned |= {(row.vendor, row.subject) for row in read_table(path).itertuples()}
    faults += [f"{SEGMENTATION}/nnunet: test subject {name} of vendor {vendor} was trained on" for vendor, name in sorted(learned & tests)]
    return len(tests) + len(trained) + len(judged), faults


def image_files(subject: Subject) -> tuple[int, list[str], str]:
    """Every image and label is there and has the grid's size, and the distances rest on all but subjects that chose a generator."""
    slices = subject.run.manifest(COHORT, "slices.csv")
    tables = pd.concat([slices, subject.run.manifest(TRANSLATION, "translated.csv")])
    cohort, faults, counted = subject.parameters.cohort, [], 0
    shape = (cohort.grid_pixels, cohort.grid_pixels, cohort.n_slices)
    for path in tables[["image", "label"]].to_numpy().ravel() if subject.has_images else ():
        file, counted = subject.run.path / path, counted + 1
        if not file.is_file():
            faults.append(f"{path}: missing")
        elif (found := nibabel.load(file).shape) != shape:
            faults.append(f"{path}: shape {found}; expected {shape}")
    sizes = tables[~_chose(tables, subject)].assign(n=cohort.n_slices).groupby(["domain", "vendor", "split"])["n"].sum()
    for row in subject.run.manifest(REALISM, "distances.csv").to_dict("records"):
        for column, expected in (
            ("n_images", _size(sizes, row["images"], "test")),
            ("n_reference", _size(sizes, row["reference"], "train")),
        ):
            counted += 1
            if row[column] != expected:
                faults.append(
                    f"{REALISM}/distances.csv: {column} of {row['images']} to {row['reference']} is {row[column]}; there are {expected}"
                )
    return counted, faults, "" if subject.has_images else "the record holds no images; their numbers only"


def _chose(tables: pd.DataFrame, subject: Subject) -> pd.Series:
    """Of each image, whether a vendor's generator was chosen by its subject."""
    parameters, found = subject.parameters, pd.Series(False, index=tables.index)
    for (domain, vendor, split), rows in tables.groupby(["domain", "vendor", "split"]):
        if (domain, split) == ("real", "train"):
            chosen = chosen_by(rows["subject"].unique(), parameters.translation, parameters.seed)
            found |= (tables["domain"] == domain) & (tables["vendor"] == vendor) & tables["subject"].isin(chosen)
    return found


def _size(sizes: pd.Series, name: str, split: str) -> int:
    domain, _, vendor = name.partition("_")
    rows = sizes.xs(split, level="split") if domain == "real" else sizes.xs("train", level="split")
    return int(rows.get((domain if domain != "sim2real" else name, vendor), 0))


def scores(subject: Subject) -> tuple[int, list[str], str]:
    """Dice and HD of every case, from the predicted and the reference labels."""
    if not subject.has_images:
        return 0, [], "the record holds no labels"
    table, cases = subject.run.manifest(COHORT, "slices.csv"), subject.run.manifest(SEGMENTATION, "cases.csv")
    found = []
    for training, seed in cases[["training", "seed"]].drop_duplicates().itertuples(index=False):
        predictions = read_predictions(predictions_folder(subject.run.chapter(SEGMENTATION), training, seed), table)
        found += [{"training": training, "seed": seed, **row} for row in judge(subject.run.path, table, predictions)]
    return _compared(
        pd.DataFrame(found), cases, ["training", "seed", "vendor", "subject", "phase", "structure"], f"{SEGMENTATION}/cases.csv"
    )


def tables(subject: Subject) -> tuple[int, list[str]]:
    """Table 1, its intervals and the comparisons, from the table of cases."""
    read = lambda name: subject.run.manifest(SEGMENTATION, f"{name}.csv")  # noqa: E731
    cases = read("cases")
    made = {
        "table1": (table1(cases), ["training", "vendor", "structure"]),
        "table1_intervals": (interval_table(joined(cases, read("measures"))), ["training", "vendor", "structure", "measure"]),
        "comparisons": (comparison_table(cases), ["first", "second", "vendor", "structure"]),
    }
    found = [_compared(table, read(name), keys, f"{SEGMENTATION}/{name}.csv")[:2] for name, (table, keys) in made.items()]
    return sum(n for n, _ in found), [line for _, lines in found for line in lines]


def distances(subject: Subject) -> tuple[int, list[str], str]:
    """Texture distances, from the images."""
    if not subject.has_images:
        return 0, [], "the record holds no images"
    made = point_distances({"texture": described(image_sets(subject.run), texture_space)})
    written = subject.run.manifest(REALISM, "distances.csv")
    return _compared(made, written[written["features"] == "texture"], ["images", "reference", "features"], f"{REALISM}/distances.csv")


def verdicts(subject: Subject) -> tuple[int, list[str], str]:
    """The ledger and the comparison with the published table, from the tables they rest on."""
    verdict = subject.parameters.verdict
    ours = compare_table(subject.run.manifest(SEGMENTATION, "table1.csv"), read_published(), verdict)
    found = [
        _compared(ours, subject.run.manifest("07_verdict", "comparison.csv"), ["training", "vendor", "structure", "measure"], "07_verdict/comparison.csv"),
        _compared(ledger(evidence(subject.run, verdict)), subject.run.manifest("07_verdict", "claims.csv"), ["claim", "evidence"], "07_verdict/claims.csv"),
    ]  # fmt: skip
    return sum(n for n, *_ in found), [line for _, lines, _ in found for line in lines], ""


def prose(subject: Subject) -> tuple[int, list[str]]:
    """Every value that an executed notebook hands to its prose is the one in the chapter's results; and Table 1 on the page is the table."""
    faults, counted = [], 0
    expected = {name: subject.run.numbers(name) for name in SECTIONS}
    for path in subject.notebooks():
        chapter = next((name for name in SECTIONS if name[:2] == path.stem[:2]), None)
        for name, text in _glued(path, "text/plain"):
            if name in expected[chapter]:
                counted += 1
                if text.strip("'\"") != spoken(expected[chapter][name]):
                    faults.append(f"{path.name}: says {name} is {text}, {chapter}'s results say {spoken(expected[chapter][name])}")
    shown = [
        html
        for path in subject.notebooks()
        if path.stem == SEGMENTATION
        for name, html in _glued(path, "text/html")
        if name == "table1_html"
    ]
    printed = pd.concat([subject.run.manifest(SEGMENTATION, "table1.csv")["dice_mean"], read_published()["dice"]])
    for html in shown:
        counted += len(printed)
        visible = re.sub(r"<[^>]*>", " ", html)
        if lost := Counter(f"{value:.3f}" for value in printed) - Counter(re.findall(r"\b[01]\.\d{3}\b", visible)):
            faults.append(f"{SEGMENTATION}.ipynb: Table 1 on the page lacks Dice {', '.join(sorted(lost))} of table1.csv")
    return counted, faults


def figures(subject: Subject) -> tuple[int, list[str]]:
    """Every figure is of this run: its files, the parameters that its chapter rests on and its seed are those its notebook names."""
    faults, counted = [], 0
    asked = {"seed": subject.parameters.seed, "preset": subject.parameters.preset}
    digests = {chapter: parameters_behind(subject.parameters, chapter).digest() for chapter in SECTIONS}
    for path in subject.notebooks():
        for name, origin in origins(nbformat.read(path, as_version=4)).items():
            counted += 1
            for what, value in (asked | {"parameters_sha256": digests[origin["chapter"]]}).items():
                if origin[what] != value:
                    faults.append(f"{path.name}, figure {name}: its {what} is {str(origin[what])[:16]}, the run's is {str(value)[:16]}")
            there = figure_files(subject.run.chapter(origin["chapter"]) / "figures", name)
            wanted = origin["files_sha256"] if subject.has_images else {suffix: origin["files_sha256"].get(suffix) for suffix in there}
            for suffix, digest in wanted.items():
                if there.get(suffix) != digest:
                    faults.append(f"{origin['chapter']}/figures/{name}.{suffix}: is not the one that {path.name} made")
    return counted, faults


CHECKS: dict[str, Callable] = {
    "files": files, "inputs": inputs, "splits": splits, "image sets": image_files, "scores": scores, "tables": tables, "distances": distances,
    "verdicts": verdicts, "prose": prose, "figures": figures,
}  # fmt: skip


def _compared(made: pd.DataFrame, written: pd.DataFrame, keys: list[str], name: str) -> tuple[int, list[str], str]:
    """Cell by cell, numbers to a millionth, since those they are repeated from were rounded; columns that only one of them has are not looked at."""
    columns = [column for column in made.columns if column in written.columns and column not in keys]
    both = made[keys + columns].merge(written[keys + columns], on=keys, how="outer", suffixes=("", " written"), indicator=True)
    where = lambda row: ", ".join(str(row[key])[:60] for key in keys)  # noqa: E731
    faults = [f"{name}: {where(row)}: {'missing' if row['_merge'] == 'left_only' else 'should not be there'}"
              for _, row in both[both["_merge"] != "both"].iterrows()]  # fmt: skip
    both = both[both["_merge"] == "both"]
    for column in columns:
        one, two = both[column], both[f"{column} written"]
        if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(two):
            same = np.isclose(one, two, rtol=1e-6, atol=1e-8, equal_nan=True)
        else:
            same = (one.astype(str) == two.astype(str)).to_numpy()
        faults += [
            f"{name}: {where(row)}: {column} is {row[f'{column} written']}, repeated it is {row[column]}"
            for _, row in both[~same].iterrows()
        ]
    return len(both) * len(columns), faults, ""


def _glued(path: Path, mime: str) -> Iterator[tuple[str, str]]:
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            book = output.get("metadata", {}).get("scrapbook", {})
            if book.get("name") and (text := output.get("data", {}).get(f"{book.get('mime_prefix', '')}{mime}")) is not None:
                yield book["name"], "".join(text)
