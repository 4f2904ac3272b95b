"""What can be repeated cheaply of a run, or of the record, held against what it says."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pandas as pd
from nibabel.filebasedimages import ImageFileError

from ..data import RunFolder, Sim2RealError, read_table, refuse
from ..realism import described, image_sets, point_distances, texture_space
from ..segmentation import (
    comparison_table,
    interval_table,
    joined,
    predictions_folder,
    read_predictions,
    read_published,
    score_cases,
    table1_means,
)
from ..verdict import claims_table, compare_table, evidence
from .book import has_study
from .chapters import (
    ALL,
    CHAPTERS,
    COHORT,
    REALISM,
    SEGMENTATION,
    STUDIES,
    VERDICT,
)
from .jobs import digest_of, jobs
from .origin import figure_files, origins, outputs_of
from .parameters import run_parameters
from .prose import filled, lookup
from .provenance import (
    CRATE,
    FILE,
    crate_faults,
    data_stamps,
    is_whole,
    read_provenance,
    results_stamps,
)

Outcome = tuple[int, list[str]]
"""How many things were compared, and a line for each that does not agree."""


class Check(NamedTuple):
    """The outcome of a check; ``note``: why something could not be compared."""

    name: str
    compared: int
    faults: list[str]
    note: str = ""


class CannotCompare(Exception):
    """The record lacks what a check needs."""


class CheckedRun:
    """A run's folder, or the record's, with what the checks read of it."""

    def __init__(self, folder: Path):
        self.run = RunFolder(folder)
        self.parameters = run_parameters(folder)
        self.has_images = (folder / "chapters").is_dir()
        self.pages = folder / "chapters" if self.has_images else folder

    def table(self, chapter: str, name: str) -> pd.DataFrame:
        return self.run.manifest(chapter, f"{name}.csv")

    @cached_property
    def notebooks(self) -> dict[str, nbformat.NotebookNode]:
        """Executed notebooks by name."""
        return {p.stem: nbformat.read(p, as_version=4) for p in sorted(self.pages.glob("*.ipynb"))}

    @cached_property
    def slices(self) -> pd.DataFrame:
        return self.table(COHORT.name, "slices")


def verify(folder: Path, *names: str) -> Iterator[Check]:
    """Every check on a run, as each is done.

    Args:
        folder: of the run, or ``book/chapters`` for the record.
        names: of the checks in ``CHECKS``; all by default.

    Raises:
        Sim2RealError: where there is no whole run, or one of an older format.
    """
    checked = CheckedRun(folder)
    refuse(
        not is_whole(folder),
        f"{folder / FILE}: missing; only a run executed to chapter 7 can be verified",
    )
    for name in names or CHECKS:
        try:
            yield Check(name, *CHECKS[name](checked))
        except CannotCompare as reason:
            yield Check(name, 0, [], str(reason))
        except Sim2RealError as error:  # of a file; the other checks are still made
            yield Check(name, 0, [str(error)])
        except (KeyError, ValueError, OSError, AttributeError, ImageFileError) as error:
            said = (str(error).splitlines() or [""])[0][:200]
            kind = type(error).__name__
            yield Check(name, 0, [f"a file is damaged or another's: {kind} {said}"])


def files(checked: CheckedRun) -> Outcome:
    """Each chapter is there and its numbers are named in the provenance; of the record every file
    is as its crate says, and there is no other."""
    folder = checked.run.path
    known = read_provenance(folder)["results_sha256"]
    faults = [f"{c.name}.ipynb: missing" for c in CHAPTERS if c.name not in checked.notebooks]
    unnamed = [c.name for c in CHAPTERS[:-1] if c.name not in known]
    faults += [f"the provenance names no results of {name}" for name in unnamed]
    n_listed, differing = crate_faults(folder) if (folder / CRATE).is_file() else (0, [])
    return 2 * len(CHAPTERS) - 1 + n_listed, faults + differing


def inputs(checked: CheckedRun) -> Outcome:
    """Parameters, data and each chapter's numbers are those that the provenance names."""
    content = read_provenance(checked.run.path)
    now = {"parameters.yaml": checked.parameters.digest(), **results_stamps(checked.run)}
    then = {"parameters.yaml": content["parameters_sha256"], **content["results_sha256"]}
    data = data_stamps(checked.parameters)
    now |= {name: stamp for name, stamp in data.items() if stamp != "absent"}
    then |= {name: content["data"].get(name) for name in now if name in data}
    names = sorted(now.keys() | then.keys())
    differing = [name for name in names if now.get(name) != then.get(name)]
    return len(names), [f"{name}: is not the one that the provenance names" for name in differing]


def splits(checked: CheckedRun) -> Outcome:
    """No test subject was trained on, and just the test subjects were judged."""
    real = checked.slices[checked.slices["domain"] == "real"]
    train, test = (_people(real[real["split"] == split]) for split in ("train", "test"))
    judged = _people(checked.table(SEGMENTATION.name, "cases"))
    learned_from = (checked.run.chapter(SEGMENTATION.name) / "nnunet").rglob("cases.csv")
    learned = set().union(*(_people(read_table(path)) for path in learned_from))
    wrong = {
        "is in train and in test": train & test,
        "was judged and is no test subject": judged - test,
        "is a test subject and was not judged": test - judged,
        "is a test subject and was trained on": learned & test,
    }
    faults = [
        f"subject {subject} of vendor {vendor} {what}"
        for what, people in wrong.items()
        for vendor, subject in sorted(people)
    ]
    return len(test) + len(train) + len(judged), faults


def scores(checked: CheckedRun) -> Outcome:
    """Dice and HD of every case, from the predicted and the reference labels."""
    cases, rows = checked.table(SEGMENTATION.name, "cases"), []
    folder = checked.run.chapter(SEGMENTATION.name)
    if not (checked.has_images or (folder / "predictions").is_dir()):
        raise CannotCompare("the record holds no labels of these people")
    for training, seed in cases[["training", "seed"]].drop_duplicates().itertuples(index=False):
        predicted = read_predictions(predictions_folder(folder, training, seed), checked.slices)
        scored = score_cases(checked.run.path, checked.slices, predicted)
        rows += [{"training": training, "seed": seed, **row} for row in scored]
    keys = ["training", "seed", "vendor", "subject", "phase", "structure"]
    return compared(pd.DataFrame(rows), cases, keys, "cases.csv")


def tables(checked: CheckedRun) -> Outcome:
    """Table 1, its intervals and the comparisons, from the table of cases."""
    cases, measures = (checked.table(SEGMENTATION.name, name) for name in ("cases", "measures"))
    cells = ["training", "vendor", "structure"]
    made = {
        "table1": (table1_means(cases), cells),
        "table1_intervals": (interval_table(joined(cases, measures)), [*cells, "measure"]),
        "comparisons": (comparison_table(cases), ["first", "second", "vendor", "structure"]),
    }
    return _together(
        compared(table, checked.table(SEGMENTATION.name, name), keys, f"{name}.csv")
        for name, (table, keys) in made.items()
    )


def distances(checked: CheckedRun) -> Outcome:
    """Texture distances, from the images."""
    if not checked.has_images:
        raise CannotCompare("the record holds no images")
    sets = image_sets(checked.run)
    made = point_distances({"texture": described(sets, texture_space)})
    written = checked.table(REALISM.name, "distances").query("features == 'texture'")
    return compared(made, written, [*"images reference features measure".split()], "distances.csv")


def verdicts(checked: CheckedRun) -> Outcome:
    """The ledger and the comparison with the published table, from what they rest on."""
    parameters, run = checked.parameters.verdict, checked.run
    studies = tuple(study.name for study in STUDIES if has_study(run.path, study.name))
    ours = checked.table(SEGMENTATION.name, "table1")
    made = {
        "comparison": (
            compare_table(ours, read_published(), parameters),
            ["training", "vendor", "structure", "measure"],
        ),
        "claims": (claims_table(evidence(run, parameters, studies)), ["claim", "evidence"]),
    }
    return _together(
        compared(table, checked.table(VERDICT.name, name), keys, f"{name}.csv")
        for name, (table, keys) in made.items()
    )


def prose(checked: CheckedRun) -> Outcome:
    """Every number in the text is that of the results; Table 1 on the page is the table."""
    table, texts, faults = jobs(checked.parameters), 0, []
    for name, notebook in checked.notebooks.items():
        if name not in table:
            continue
        value_of = lookup(checked.run.numbers, table[name].chapter.name, table[name].extra)
        for template, text in _filled_texts(notebook):
            texts += 1
            if filled(template, value_of, name) != text:
                faults.append(f"{name}.ipynb: says '{text[:60]}…' where the results say otherwise")
    page = outputs_of(checked.notebooks[SEGMENTATION.name])["table1"].data["text/html"]
    ours = checked.table(SEGMENTATION.name, "table1")["dice_mean"]
    printed = [f"{value:.3f}" for value in pd.concat([ours, read_published()["dice"]])]
    visible = re.findall(r"\b[01]\.\d{3}\b", re.sub(r"<[^>]*>", " ", page))
    if lost := Counter(printed) - Counter(visible):
        faults.append(f"{SEGMENTATION.name}.ipynb: Table 1 lacks Dice {', '.join(sorted(lost))}")
    return texts + len(printed), faults


def figures(checked: CheckedRun) -> Outcome:
    """Every figure is of this run: its files, its seed, the parameters its chapter rests on."""
    parameters, faults, counted = checked.parameters, [], 0
    of_run = {"seed": parameters.seed, "preset": parameters.preset}
    digests = {chapter.name: digest_of(parameters, chapter.name) for chapter in ALL}
    for page, notebook in checked.notebooks.items():
        for name, origin in origins(notebook).items():
            counted += 1
            expected = of_run | {"parameters_sha256": digests[origin["chapter"]]}
            faults += [
                f"{page}.ipynb, figure {name}: its {what} is {str(origin[what])[:16]}, "
                f"the run's is {str(value)[:16]}"
                for what, value in expected.items()
                if origin[what] != value
            ]
            present = figure_files(checked.run.chapter(origin["chapter"]) / "figures", name)
            suffixes = origin["files_sha256"] if checked.has_images else present
            faults += [
                f"{origin['chapter']}/figures/{name}.{suffix}: is not the one that {page} made"
                for suffix in suffixes
                if present.get(suffix) != origin["files_sha256"].get(suffix)
            ]
    return counted, faults


CHECKS: dict[str, Callable[[CheckedRun], Outcome]] = {
    "files": files,
    "inputs": inputs,
    "splits": splits,
    "scores": scores,
    "tables": tables,
    "distances": distances,
    "verdicts": verdicts,
    "prose": prose,
    "figures": figures,
}


def compared(made: pd.DataFrame, written: pd.DataFrame, keys: list[str], name: str) -> Outcome:
    """Two tables cell by cell, numbers to a millionth; columns of one alone are not looked at.

    Args:
        made: the table repeated now.
        written: the table of the run.
        keys: columns that name a row.
        name: of the table, for the faults.
    """
    columns = [c for c in made.columns if c in written.columns and c not in keys]
    both = made[keys + columns].merge(
        written[keys + columns], on=keys, how="outer", suffixes=("", " written"), indicator=True
    )
    place = both[keys].astype(str).agg(lambda row: ", ".join(part[:60] for part in row), axis=1)
    alone = both["_merge"].map({"left_only": "missing", "right_only": "should not be there"})
    faults = [f"{name}: {place[k]}: {what}" for k, what in alone.dropna().items()]
    both = both[both["_merge"] == "both"]
    for column in columns:
        one, two = both[column], both[f"{column} written"]
        numeric = all(pd.api.types.is_numeric_dtype(values) for values in (one, two))
        same = (
            np.isclose(one, two, rtol=1e-6, atol=1e-8, equal_nan=True)
            if numeric
            else (one.astype(str) == two.astype(str)).to_numpy()
        )
        faults += [
            f"{name}: {place[k]}: {column} is {two[k]}, repeated it is {one[k]}"
            for k in both.index[~same]
        ]
    return len(both) * len(columns), faults


def _people(table: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(table["vendor"], table["subject"], strict=True))


def _together(parts: Iterator[Outcome]) -> Outcome:
    counts, faults = zip(*parts, strict=True)
    return sum(counts), [line for lines in faults for line in lines]


def _filled_texts(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, str]]:
    """(text with placeholders, text with numbers) of each cell of text and each caption."""
    for cell in notebook.cells:
        if "template" in cell.metadata:
            yield cell.metadata["template"], cell.source
        for options in cell.metadata.get("mystnb", {}).values():
            for key in ("caption", "alt"):
                if isinstance(options, dict) and f"{key}_template" in options:
                    yield options[f"{key}_template"], options[key]
