"""Many runs as one graph of jobs: parameters varied in all combinations, each with several seeds, what runs share made once.

A chapter rests on its own parameters and on those of the chapters it reads, and on no others. A *stage* is a chapter with one set of
them. It has a folder made like a run's, in which the chapters before are links to the stages that they were made in; the stage of the
last chapter is thus a whole run.
"""

import itertools
import json
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from .errors import Sim2RealError
from .files import clear_temporaries, write_table
from .jobs import inputs, jobs
from .parameters import Parameters
from .presets import load_parameters
from .processes import stoppable
from .run import CHAPTERS, SECTIONS
from .workflow import alone, snakemake, write_parameters

LIMIT = 100
"""Most runs of one sweep."""
PLAN = "sweep.csv"


class Sweep(NamedTuple):
    """axes: the parameters that vary, with their values. runs: one value an axis, and all parameters of the run; seeds turn fastest."""

    axes: dict[str, list]
    runs: list[tuple[tuple, Parameters]]
    until: str

    def plan(self) -> pd.DataFrame:
        """A row a run: the value of each axis, ``seed``, and ``folder``, its last stage in the sweep's folder."""
        rows = [(*values, parameters.seed, stage_name(parameters, self.until)) for values, parameters in self.runs]
        return pd.DataFrame(rows, columns=[*self.axes, "seed", "folder"])


def read_sweep(preset: str, settings: list[str], seeds: int, until: str) -> Sweep:
    """The runs that are asked for: ``chapter.name=value,value,...`` (a single value holds for all) and a number of seeds.

    Seeds count up from the preset's. Raises Sim2RealError, in one line, for whatever cannot be meant.
    """
    given = [_values(setting) for setting in settings]
    names = [name for name, _ in given]
    for name in names:
        if names.count(name) > 1:
            raise Sim2RealError(f"--set {name}: given twice; expected its values in one list, as in {name}=VALUE,VALUE")
    if seeds < 1:
        raise Sim2RealError(f"--seeds {seeds}: expected 1 or more")
    axes = {name: values for name, values in given if len(values) > 1}
    size = seeds * math.prod(map(len, axes.values()))
    if size > LIMIT:
        raise Sim2RealError(f"{size} runs are asked for; expected at most {LIMIT}: give fewer values or seeds, or make several sweeps")
    if size == 1:
        raise Sim2RealError("nothing varies; expected --set chapter.name=VALUE,VALUE or --seeds 2 ('sim2real run' makes a single run)")
    runs = []
    for values in itertools.product(*(dict(given)[name] for name in names)):
        changes = [f"{name}={json.dumps(value, default=str)}" for name, value in zip(names, values, strict=True)]
        first = load_parameters(preset, changes)
        for index in range(seeds):
            own = load_parameters(preset, [*changes, f"seed={first.seed + index}"])
            runs.append((tuple(value for name, value in zip(names, values, strict=True) if name in axes), own))
    for name in axes:
        _check_axis(name, until)
    if len({stage_name(parameters, until) for _, parameters in runs}) < len(runs):
        raise Sim2RealError(f"--set {', '.join(axes)}: a value is given twice; expected different ones")
    return Sweep(axes, runs, until)


def _values(setting: str) -> tuple[str, list]:
    name, equals, text = (part.strip() for part in setting.partition("="))
    if not equals or not name:
        raise Sim2RealError(f"--set {setting}: expected chapter.name=VALUE,VALUE, for example simulation.flip_angle_deg=30,45,60")
    try:
        values = yaml.safe_load(f"[{text}]")
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Sim2RealError(f"--set {setting}: the values cannot be read; expected them with commas between") from None
    if not values:
        raise Sim2RealError(f"--set {setting}: no value; expected one or more, with commas between")
    return name, values


def _check_axis(name: str, until: str) -> None:
    section = name.partition(".")[0]
    if name in ("seed", "preset"):
        raise Sim2RealError(f"--set {name}: cannot vary here; expected --seeds COUNT or --preset NAME")
    if section in SECTIONS.values() and section not in {SECTIONS[chapter] for chapter in rests_on(until)}:
        raise Sim2RealError(f"--set {name}: no chapter up to {until} depends on it; expected a later --until, or another parameter")


@cache
def rests_on(chapter: str) -> tuple[str, ...]:
    """The chapter and all that it reads, directly or not, in the paper's order."""
    table = jobs(Parameters())
    reads, found, waiting = inputs(table), {chapter}, [chapter]
    while waiting:
        own = [name for name, job in table.items() if job["chapter"] == waiting[-1]]
        waiting.pop()
        new = {table[read]["chapter"] for name in own for read in reads[name]} - found
        found |= new
        waiting += new
    return tuple(name for name in SECTIONS if name in found)


def stage_parameters(parameters: Parameters, chapter: str) -> Parameters:
    """The parameters with those that ``chapter`` does not depend on as they are by default: equal for runs that can share it."""
    kept = {SECTIONS[name] for name in rests_on(chapter)}
    left_out = {section: Parameters.model_fields[section].default for section in set(SECTIONS.values()) - kept}
    return parameters.model_copy(update=left_out)


def stage_name(parameters: Parameters, chapter: str) -> str:
    """The name of a stage's folder: the chapter and a digest of what it depends on."""
    return f"{chapter}-{stage_parameters(parameters, chapter).digest()[:8]}"


def stages(sweep: Sweep) -> dict[str, tuple[str, Parameters]]:
    """Every stage of a sweep once, by name: its chapter and its parameters."""
    found = {}
    for chapter in (name for name in CHAPTERS if name <= sweep.until):
        for _, parameters in sweep.runs:
            found[stage_name(parameters, chapter)] = chapter, stage_parameters(parameters, chapter)
    return found


def start(sweep: Sweep, run: str, root: Path, cores: int | None = None, profile: Path | None = None) -> int:
    """Execute what is stale of a sweep in the folder ``run`` (relative to ``root``). Returns the number of executed notebooks.

    Raises Sim2RealError naming the first notebook that failed; what is finished stays.
    """
    folder = root / run
    if (folder / "parameters.yaml").is_file():
        raise Sim2RealError(f"{run}: a run made by 'sim2real run' lies here; choose another name with --run")
    with alone(folder) as lock, stoppable():
        clear_temporaries(folder)
        targets = []
        for name, (chapter, parameters) in stages(sweep).items():
            _lay_out(folder, name, chapter, parameters)
            targets += [f"{name}/{job}" for job, about in jobs(parameters).items() if about["chapter"] == chapter]
        write_table(folder / PLAN, sweep.plan())
        return snakemake(targets, run, root, cores, profile, lock)


def _lay_out(folder: Path, name: str, chapter: str, parameters: Parameters) -> None:
    """A stage's parameters, and links to the chapters before it, which need not be there yet."""
    write_parameters(folder / name, parameters)
    (folder / name / "chapters").mkdir(exist_ok=True)
    table = jobs(parameters)
    for earlier in rests_on(chapter)[:-1]:
        home = stage_name(parameters, earlier)
        _link(folder / name / earlier, Path("..", home, earlier))
        for job in (job for job, about in table.items() if about["chapter"] == earlier):
            _link(folder / name / "chapters" / f"{job}.ipynb", Path("..", "..", home, "chapters", f"{job}.ipynb"))


def _link(path: Path, target: Path) -> None:
    if not path.is_symlink():
        path.symlink_to(target)
