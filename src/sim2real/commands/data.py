"""Faults of the user's own data and choices, found before any notebook starts."""

import re
from pathlib import Path

from ..core.errors import Sim2RealError


def check_data(parameters, until: str, root: Path) -> None:
    """Raise Sim2RealError for the first fault of the folders that ``parameters`` name. Relative paths count from the project's folder."""
    if parameters.realism.inception_weights is not None:
        from ..realism.inception import find_weights

        find_weights(parameters.realism)
    from ..population.render import MIDDLE_SLICES

    if parameters.population.stack == "middle" and parameters.cohort.n_slices > MIDDLE_SLICES:
        raise Sim2RealError(f"cohort.n_slices={parameters.cohort.n_slices}: population.stack=middle holds {MIDDLE_SLICES} slices; "
                            "set population.stack=full")  # fmt: skip
    if parameters.simulation.temporal_footprint:
        raise Sim2RealError(f"simulation.temporal_footprint={parameters.simulation.temporal_footprint:g}: a run images end diastole and "
                            "end systole alone, which hold no cine; set 0 (chapter 2 shows on a cine what it does)")  # fmt: skip
    if parameters.population.xcat_root is not None:
        from ..population.xcat.files import find_xcat_subjects, open_xcat

        for path in find_xcat_subjects(root / parameters.population.xcat_root):
            open_xcat(path)
    if parameters.cohort.mnms_root is not None or parameters.cohort.acdc_root is not None:
        from ..cohort.build import read_real
        from ..cohort.cases import require_subjects

        cases = read_real(parameters.cohort, root).cases
        require_subjects(cases, "train", "chapters 3 to 5")
        if until >= "06_segmentation":
            require_subjects(cases, "test", "chapter 6 (Table 1)")


def positive(text: str) -> int:
    """argparse's type of a number of cores; its message is the function's name."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def check_name(name: str) -> None:
    """Raise Sim2RealError for a run's name that is more than one folder's name, or the record's."""
    if not re.fullmatch(r"\w[\w.-]*", name) or name == "record":
        raise Sim2RealError(
            f"--run {name}: expected a plain name of letters, digits, '-', '_' and '.', other than 'record'; it becomes a folder under runs/"
        )


def require_of_one_run(name: str) -> None:
    """Raise Sim2RealError where a whole run's parameters, chapters and numbers are not of one execution, as after a change cut short."""
    from ..core.root import repository
    from ..verdict.verify import verify

    folder = repository() / "runs" / name
    if (folder / "provenance.json").is_file():
        for fault in (line for check in verify(folder, repository(), "files", "inputs") for line in check.faults):
            raise Sim2RealError(f"runs/{name}: {fault}; execute it to its end with 'sim2real run --resume {name}'")
