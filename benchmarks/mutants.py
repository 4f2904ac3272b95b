"""Do the tests see a wrong sign, bound or constant? A seeded sample of small changes to the modules that carry the science.

    python benchmarks/mutants.py [--mutants 300] [--record _build/mutants.csv] [--again] [--list]

Each mutant is one change in a copy of ``src`` in a temporary folder; the working tree is never touched. The tests of its module
run in a forked process until one fails. Outcomes are appended to the record, so that a stopped run goes on where it was, and the
order is random, so that a part of the sample is a fair sample too; a module that has changed draws another. ``--again`` runs once
more those that had survived, after new tests; ``--list`` only prints. What no test can see, with the reason, is in
``mutants_equivalent.csv``. Tests written for the survivors of a sample make its share larger than that of mutants not yet drawn.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import argparse
import ast
import copy
import csv
import importlib
import random
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from measured import note

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.csv")
LIMIT_S = 60  # seconds of processor time, several times what any selection needs
SEED = 0

TESTS = {  # the tests of a module's area, fastest first
    "simulation/signal": ["simulation/test_signal", "simulation/test_tables"],
    "simulation/slice_profile": ["simulation/test_slice_profile", "simulation/test_tables"],
    "simulation/tables": ["simulation/test_tables", "simulation/test_simulate", "simulation/test_scan"],
    "simulation/acquisition": ["simulation/test_acquisition", "simulation/test_simulate"],
    "simulation/coils": ["simulation/test_coils", "simulation/test_scan", "simulation/test_simulate"],
    "simulation/field": ["simulation/test_field", "simulation/test_scan", "simulation/test_simulate"],
    "simulation/motion": ["simulation/test_motion", "simulation/test_simulate"],
    "simulation/scan": ["simulation/test_scan", "simulation/test_simulate"],
    "simulation/simulate": ["simulation/test_simulate", "simulation/test_scan"],
    "simulation/tissues": ["simulation/test_tissues", "simulation/test_tables"],
    "simulation/variation": ["simulation/test_scan", "simulation/test_simulate"],
    "cohort/grid": ["cohort/test_grid"],
    "translation/losses": ["translation/test_losses"],
    "metrics/overlap": ["metrics/test_overlap"],
    "metrics/surfaces": ["metrics/test_overlap", "metrics/test_surfaces"],
    "metrics/frechet": ["metrics/test_frechet", "metrics/test_texture"],
    "metrics/kid": ["metrics/test_kid"],
    "metrics/intervals": ["metrics/test_intervals"],
    "metrics/paired": ["metrics/test_paired"],
    "metrics/crossed": ["metrics/test_crossed", "metrics/test_paired"],
    "metrics/texture": ["metrics/test_texture"],
    "metrics/measures": ["metrics/test_measures"],
}
LEFT_OUT = "not torchvision and not less_than_a_minute"  # processes of their own; a test of speed
PRELOADED = ["numpy", "scipy.stats", "scipy.spatial", "scipy.interpolate", "scipy.signal", "scipy.ndimage", "pandas", "nibabel",
             "pydantic", "skimage.feature", "skimage.measure", "torch", "monai.metrics",
             "pytest"]  # fmt: skip

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Div,
             ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And}  # fmt: skip
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
               ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}  # fmt: skip
TURNED = {ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt}
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "sin": "cos", "cos": "sin", "floor": "ceil",
         "ceil": "floor", "any": "all", "all": "any", "argmin": "argmax", "argmax": "argmin", "zeros": "ones", "ones": "zeros",
         "mean": "sum", "sum": "mean", "real": "imag", "imag": "real"}  # fmt: skip


class Mutant(NamedTuple):
    """Where (module, function, line) and what: the text of an expression before and after."""

    module: str
    function: str
    line: int
    column: int
    before: str
    after: str

    @property
    def key(self) -> tuple[str, ...]:
        """The same change in a file whose lines have moved: module, text of the line, place in it, before, after."""
        line = (ROOT / "src" / "sim2real" / f"{self.module}.py").read_text(encoding="utf-8").splitlines()[self.line - 1]
        return self.module, line.strip(), str(self.column - (len(line) - len(line.lstrip()))), self.before, self.after


def changed(node: ast.AST) -> Iterator[ast.AST]:
    """Copies of ``node`` with one small mistake each."""
    if isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in OPERATORS:
        yield _with(node, op=OPERATORS[type(node.op)]())
    if isinstance(node, ast.Compare):
        for table in (COMPARISONS, TURNED):
            for k, operator in enumerate(node.ops):
                if type(operator) in table:
                    yield _with(node, ops=[*node.ops[:k], table[type(operator)](), *node.ops[k + 1 :]])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield node.operand
    if isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1 if node.value in (0, 1) else node.value * 2)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield _with(node, id=NAMES[node.id])
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in NAMES:
        yield _with(node, attr=NAMES[node.attr])
    if isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)


def _with(node: ast.AST, **fields) -> ast.AST:
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def places(node: ast.AST, function: str = "") -> Iterator[tuple[ast.AST, str, object, str]]:
    """(parent, field, position in it or None, function) of all expressions but types, decorators and the words of errors."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list") or isinstance(node, (ast.Raise, ast.Import, ast.ImportFrom)):
            continue
        for position, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                inside = child.name if isinstance(child, (ast.FunctionDef, ast.ClassDef)) else function
                if isinstance(child, ast.expr):
                    yield node, name, position, function
                yield from places(child, inside)


def mutants_of(module: str) -> Iterator[tuple[Mutant, str]]:
    """Every mutant of a module with its whole source."""
    tree = ast.parse((ROOT / "src" / "sim2real" / f"{module}.py").read_text(encoding="utf-8"))
    for parent, field, position, function in places(tree):
        held = getattr(parent, field)
        node = held if position is None else held[position]
        for other in changed(node):
            ast.copy_location(other, node)
            _put(parent, field, position, other)
            yield Mutant(module, function, node.lineno, node.col_offset, ast.unparse(node), ast.unparse(other)), ast.unparse(tree)
            _put(parent, field, position, node)


def _put(parent: ast.AST, field: str, position: int | None, node: ast.AST) -> None:
    if position is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[position] = node


def outcome(mutant: Mutant, source: str, copied: Path) -> tuple[str, float]:
    """(``killed``, ``survived`` or ``overtime``, seconds of processor time) of the tests against one mutant."""
    file = copied / "sim2real" / f"{mutant.module}.py"
    original = file.read_bytes()
    file.write_text(source, encoding="utf-8")
    try:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = os.fork()
        if not process:
            _test(mutant.module, copied)
        _, status = os.waitpid(process, 0)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        file.write_bytes(original)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if os.WIFSIGNALED(status):
        return "overtime", seconds
    return "survived" if os.WEXITSTATUS(status) == 0 else "killed", seconds


def _test(module: str, copied: Path) -> None:
    """In a process of its own: run the tests of ``module`` on the package in ``copied`` and leave with their exit status."""
    status = 70
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(copied))
        import pytest

        files = [str(ROOT / "tests" / f"{name}.py") for name in TESTS[module]]
        status = int(pytest.main([*files, "-x", "-k", LEFT_OUT, "-p", "no:cacheprovider", f"--rootdir={ROOT}"]))
        import sim2real

        if not sim2real.__file__.startswith(str(copied)):
            os.kill(os.getpid(), 6)
    finally:
        os._exit(status)


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    middle, half = (hits + z * z / 2) / (n + z * z), z / (n + z * z) * (hits * (n - hits) / n + z * z / 4) ** 0.5
    return middle - half, middle + half


def read(path: Path) -> list[dict]:
    return list(csv.DictReader(path.open(encoding="utf-8"))) if path.is_file() else []


def equivalent() -> set[tuple[str, ...]]:
    """Keys of the mutants that no test can see."""
    return {tuple(row[name] for name in ("module", "line", "place", "before", "after")) for row in read(EQUIVALENT)}


def report(sample: list[Mutant], known: dict[Mutant, str]) -> None:
    """Share killed of those that were run, all and without the equivalent ones, and the survivors."""
    reasons = equivalent()
    ran = [mutant for mutant in sample if mutant in known]
    survivors = [mutant for mutant in ran if known[mutant] == "survived"]
    missed = [mutant for mutant in survivors if mutant.key not in reasons]
    for mutant in missed:
        print(f"survived  {mutant.module}.py:{mutant.line} {mutant.function}: {mutant.before}  ->  {mutant.after}")
    for words, n in (("", len(ran)), (", equivalent ones aside", len(ran) - len(survivors) + len(missed))):
        if n:
            hits = len(ran) - len(survivors)
            low, high = wilson(hits, n)
            told = f"{hits} of {n} ({100 * hits / n:.1f} %, 95 % interval {100 * low:.1f} to {100 * high:.1f})"
            print(f"killed {told}{words}")
            if len(ran) == len(sample):
                note(
                    f"Planted mistakes that a test sees; tests were added for those that had first survived{words}",
                    told,
                    "benchmarks/mutants.py",
                )
    overtime = sum(known[mutant] == "overtime" for mutant in ran)
    print(
        f"{len(ran)} of {len(sample)} run, {overtime} of them killed by the limit of {LIMIT_S} s; {len(survivors) - len(missed)} equivalent"
    )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--mutants", type=int, default=300)
    words.add_argument("--record", type=Path, default=ROOT / "_build" / "mutants.csv")
    words.add_argument("--again", action="store_true", help="run once more what survived")
    words.add_argument("--list", action="store_true", help="run nothing")
    asked = words.parse_args()
    everything = {mutant: source for module in TESTS for mutant, source in mutants_of(module)}
    sample = random.Random(SEED).sample(list(everything), min(asked.mutants, len(everything)))
    print(f"{len(everything)} mutants of {len(TESTS)} modules, a sample of {len(sample)}", flush=True)
    known = {}
    for row in read(asked.record):
        known[Mutant(row["module"], row["function"], int(row["line"]), int(row["column"]), row["before"], row["after"])] = row["outcome"]
    reasons = equivalent()
    again = {mutant for mutant in sample if asked.again and known.get(mutant) == "survived" and mutant.key not in reasons}
    todo = [mutant for mutant in sample if mutant not in known or mutant in again]
    if todo and not asked.list:
        run(todo, everything, known, asked.record)
    report(sample, known)


def run(todo: list[Mutant], everything: dict[Mutant, str], known: dict[Mutant, str], record: Path) -> None:
    for name in PRELOADED:  # once, for all the forks
        importlib.import_module(name)
    record.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copied, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for module in sorted({mutant.module for mutant in todo}):
            text = (copied / "sim2real" / f"{module}.py").read_text(encoding="utf-8")
            found, seconds = outcome(Mutant(module, "", 0, 0, "", ""), text, copied)
            print(f"{module}: its tests take {seconds:.1f} s", flush=True)
            if found != "survived":
                sys.exit(f"{module}: its tests fail without any change; mend that first")
        for mutant in todo:
            found, seconds = outcome(mutant, everything[mutant], copied)
            known[mutant] = found
            new = not record.is_file()
            with record.open("a", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                if new:
                    writer.writerow([*Mutant._fields, "outcome", "seconds"])
                writer.writerow([*mutant, found, f"{seconds:.1f}"])


if __name__ == "__main__":
    main()
