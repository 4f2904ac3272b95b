"""What a user brings in one go: all of it looked at before work starts, and work that goes on after
an image that cannot be used."""

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .errors import Sim2RealError, refuse
from .fetching import beginning, unfetched
from .names import is_label, is_nifti, one_name, other_content, other_format, stem
from .results import made_here


@dataclass
class Faults:
    """What keeps some of many images from being used, told on standard error as it is met.

    Args:
        source: what the user named; the fault of a single file is raised, not told.
        n_images: how many there are.
        lines: a line a fault.
    """

    source: Path
    n_images: int = 0
    lines: list[str] = field(default_factory=list)

    def tell(self, line: str) -> None:
        self.lines.append(line)
        print(f"sim2real: {line}", file=sys.stderr, flush=True)

    def attempt(self, work: Callable, *arguments: object):
        """What ``work`` returns; None where it met a fault."""
        try:
            return work(*arguments)
        except Sim2RealError as fault:
            if not self.source.is_dir():
                raise
            self.tell(str(fault))
            return None

    def sum_up(self) -> None:
        """Raise Sim2RealError with the number of faults, where there was one."""
        n = len(self.lines)
        refuse(
            n,
            f"{self.source}: {n} of {self.n_images} images could not be used, for the reasons"
            " above; put them right, and give the same command again",
        )


def survey_images(
    source: Path, look: Callable[[Path], object], faults: Faults
) -> dict[Path, object]:
    """What ``look`` says of each image at ``source``, a file or a folder, in the order of names.

    Labels (``_gt``), hidden files and what an earlier command wrote there are passed over, files of
    other formats are named in a line, and files that cannot be used go to ``faults``.

    Raises:
        Sim2RealError: where there is no image, where one name stands for two, and for a label that
            is given alone.
    """
    refuse(
        not source.exists() and not source.is_symlink(),
        f"{source}: no such file or folder; expected a NIfTI image or a folder of them",
    )
    refuse(
        not source.is_dir() and is_label(source),
        f"{source}: is a label by its name (_gt); expected an image: give the image, or rename the"
        " file",
    )
    paths = _images(source, faults) if source.is_dir() else [source]
    faults.n_images = len(paths) + len(faults.lines)
    looks = ((path, faults.attempt(look, path)) for path in paths)
    return {path: seen for path, seen in looks if seen is not None}


def _images(folder: Path, faults: Faults) -> list[Path]:
    paths = sorted(folder.iterdir())
    ours = made_here(folder)
    images = [p for p in paths if is_nifti(p) and not is_label(p) and p.name not in ours]
    others = defaultdict(list)
    for path in paths:
        if other_format(path) and not path.name.startswith("."):
            others[other_format(path)].append(path.name)
    placeholders = [path for path in paths if path.suffix == ".icloud" and unfetched(path)]
    refuse(
        not images and not placeholders,
        f"{folder}: holds no NIfTI image; expected *.nii or *.nii.gz{_instead(paths)}",
    )
    by_name = defaultdict(list)
    for path in images:
        by_name[one_name(stem(path))].append(path.name)
    same = next((names for names in by_name.values() if len(names) > 1), [])
    refuse(
        same,
        f"{folder}: {' and '.join(same)} differ in ending or case alone, and one would overwrite"
        " the other's result; rename one",
    )
    for words, names in others.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        print(f"{', '.join(names[:3])}{more}: passed over, {words}")
    for path in placeholders:
        faults.tell(f"{path}: {unfetched(path)}")
    return images


def _instead(paths: list[Path]) -> str:
    """What a folder without NIfTI images holds, by name or content of the first known file."""
    files = (p for p in paths if p.is_file() and not is_nifti(p) and not p.name.startswith("."))
    told = ((path, other_format(path) or other_content(beginning(path, 348))) for path in files)
    first = next(((path, words) for path, words in told if words), None)
    return f"; {first[0].name} {first[1]}" if first else ""
