"""The executions of notebooks that make up a run, and the digests that tell which are stale."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..data import Chapter, Notebook, folder_stamp, notebook_source, science_digest
from .chapters import ALL, STUDIES
from .parameters import Parameters

_stamp = cache(folder_stamp)


@dataclass(frozen=True)
class Job:
    """One execution of a notebook.

    extra: parameters that distinguish it from the notebook's other executions.
    reads: names of the jobs whose results it reads.
    """

    name: str
    chapter: Chapter
    notebook: Notebook
    extra: dict
    reads: tuple[str, ...]


def jobs(parameters: Parameters, wanted: tuple[str, ...] = ()) -> dict[str, Job]:
    """Every execution of a run by name, in the paper's order, then those of the appendix.

    Args:
        parameters: of the run.
        wanted: names of the studies that are asked for. A chapter reads those, not the others.
    """
    executions = {
        notebook.name: notebook.executions(parameters)
        for chapter in ALL
        for notebook in chapter.notebooks
    }
    left_out = {study.name for study in STUDIES} - set(wanted)
    table = {}
    for chapter in ALL:
        for notebook in chapter.notebooks:
            sources = [name for name in notebook.reads if chapter.study or name not in left_out]
            reads = tuple(job for name in sources for job in executions[name])
            for name, extra in executions[notebook.name].items():
                table[name] = Job(name, chapter, notebook, extra, reads)
    return table


def targets(parameters: Parameters, until: str, studies: list[str]) -> list[str]:
    """Names of the jobs of all chapters up to ``until`` and of the named studies."""
    return [
        name
        for name, job in jobs(parameters).items()
        if (job.chapter.name in studies if job.chapter.study else job.chapter.name <= until)
    ]


def notebook_parameters(job: Job, parameters: Parameters, run: str) -> dict:
    """What papermill passes to a job's notebook: plain values by name."""
    section = getattr(parameters, job.chapter.section).model_dump(mode="json")
    common = {"run": run, "preset": parameters.preset, "seed": parameters.seed}
    return {**common, **section, **job.extra}


class Digests:
    """Digests of a run's jobs: of all that an execution rests on, and of all that it makes.

    A change of a figure's code changes the first of its own job and nothing else; a change of the
    code that makes its results changes the second and so reaches the jobs that read them.
    """

    def __init__(self, table: dict[str, Job], parameters: Parameters, root: Path):
        self.table, self.parameters, self.root = table, parameters, root
        self._makes: dict[str, str] = {}

    def execution(self, name: str) -> str:
        """Changes when the job has to be executed again."""
        job = self.table[name]
        source = notebook_source(self.root / "notebooks" / f"{job.notebook.name}.ipynb")
        values = notebook_parameters(job, self.parameters, "")
        return _digest(values, science_digest(source=source), *self._before(job))

    def makes(self, name: str) -> str:
        """Changes when what the job makes for others may have changed."""
        if name not in self._makes:
            job = self.table[name]
            values = notebook_parameters(job, self.parameters, "")
            values.pop("preset")
            self._makes[name] = _digest(
                values, science_digest(*job.notebook.makes), *self._before(job)
            )
        return self._makes[name]

    def _before(self, job: Job) -> list[str]:
        section = getattr(self.parameters, job.chapter.section)
        folders = [getattr(section, name) for name in job.chapter.data]
        stamps = [_stamp(self.root / folder) for folder in folders if folder is not None]
        return [self.parameters.device, *stamps, *map(self.makes, job.reads)]


def digest_of(parameters: Parameters, chapter: str) -> str:
    """SHA-256 of the parameters that a chapter's results rest on: its own and of those it reads."""
    table = jobs(parameters, tuple(study.name for study in STUDIES))
    sections, waiting = set(), [name for name, job in table.items() if job.chapter.name == chapter]
    seen: set[str] = set()
    while waiting:
        job = table[waiting.pop()]
        if job.name not in seen:
            seen.add(job.name)
            sections.add(job.chapter.section)
            waiting.extend(job.reads)
    values = parameters.model_dump(mode="json", include=sections | {"seed"})
    return _digest(values)


def _digest(*content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
