"""NIfTI files that a user names, one or a folder of them."""

from pathlib import Path

from .errors import Sim2RealError


def nifti_files(source: Path) -> list[Path]:
    """``source`` itself, or the NIfTI files in it but labels (``_gt``), in the order of their
    names; no two of one stem.

    Raises Sim2RealError where there is none, and where results named by their stems would overwrite
    each other.
    """
    if not source.exists():
        raise Sim2RealError(
            f"{source}: no such file or folder; expected a NIfTI image or a folder of them"
        )
    paths = (
        sorted(path for path in source.glob("*.nii*") if path.is_file())
        if source.is_dir()
        else [source]
    )
    paths = [path for path in paths if not stem(path).endswith("_gt")]
    if not paths:
        raise Sim2RealError(f"{source}: holds no NIfTI image; expected *.nii or *.nii.gz")
    if len({stem(path) for path in paths}) < len(paths):
        raise Sim2RealError(
            f"{source}: two files differ in their ending alone, and one would overwrite the other's"
            " result; rename one"
        )
    return paths


def stem(path: Path) -> str:
    """The file's name without .nii or .nii.gz; other dots stay."""
    return path.name.removesuffix(".gz").removesuffix(".nii")
