"""Names of the files that people bring: which are NIfTI images, which are their labels, which are
of another format, and which are not the files themselves."""

import os
from pathlib import Path

from .errors import refuse

NIFTI = (".nii.gz", ".nii")
"""Endings of NIfTI files, in either case."""
_LABEL = "_gt"
_CONVERT = {
    ".hdr": ("a header of Analyze or of a NIfTI in two files", "nibabel's nib-convert"),
    ".img": ("voxels of Analyze or of a NIfTI in two files", "nibabel's nib-convert"),
    ".mgz": ("FreeSurfer's MGH format", "mri_convert or nibabel's nib-convert"),
    ".mgh": ("FreeSurfer's MGH format", "mri_convert or nibabel's nib-convert"),
    ".par": ("Philips' PAR/REC", "dcm2niix or nibabel's parrec2nii"),
    ".rec": ("Philips' PAR/REC", "dcm2niix or nibabel's parrec2nii"),
    ".dcm": ("DICOM", "dcm2niix"),
    ".ima": ("DICOM", "dcm2niix"),
    ".nrrd": ("NRRD", "3D Slicer or SimpleITK"),
    ".mha": ("MetaImage", "3D Slicer or SimpleITK"),
    ".mhd": ("MetaImage", "3D Slicer or SimpleITK"),
    ".nii.bz2": ("a NIfTI packed with bzip2", "bunzip2"),
    ".nii.xz": ("a NIfTI packed with xz", "unxz"),
    ".nii.zst": ("a NIfTI packed with zstd", "unzstd"),
    ".nii.zip": ("a NIfTI packed with zip", "unzip"),
}


_LEFT_BEHIND = (".", "~$", "__MACOSX")
"""How names begin that no person gave: of hidden files and a Mac's ``._name`` and ``.DS_Store``, of
Excel's lock beside an open workbook, of what a Mac adds to an archive."""
_POINTERS = {
    b"version https://git-lfs.github.com/spec/": ("Git LFS", "git lfs pull"),
    b"/annex/objects/": ("git-annex", "git annex get"),
}
"""How files begin that stand in the place of another."""


def at_home(path: Path | str) -> Path:
    """The path as a shell would have it: ``~`` at its start is a home folder, if there is one of
    that name."""
    return Path(os.path.expanduser(path))


def entries(folder: Path) -> list[Path]:
    """What people put into a folder, in the order of names. Raises OSError as ``os.listdir``."""
    names = sorted(os.listdir(folder))
    return [folder / name for name in names if not name.startswith(_LEFT_BEHIND)]


def unfetched(path: Path) -> str:
    """What stands in the place of a file that is kept elsewhere, and how to fetch it, in words; ""
    where there is no such thing."""
    if not path.exists() and (path.parent / f".{path.name}.icloud").exists():
        return "is in iCloud and not on this machine; download it in the Finder"
    for link in (path, path.parent):
        if link.is_symlink() and not link.exists():
            target = os.readlink(link)
            fetch = "fetch it with 'git annex get'" if ".git/annex" in target else "restore that"
            which = "is" if link == path else "lies in"
            return f"{which} a link to {target}, which is not there; {fetch} or put the file here"
    if not (path.is_file() and os.access(path, os.R_OK)):
        return ""
    with open(path, "rb") as file:
        start = file.read(max(map(len, _POINTERS)))
    for mark, (tool, command) in _POINTERS.items():
        if start.startswith(mark):
            return f"is a pointer of {tool} and not the file itself; fetch it with '{command}'"
    return ""


def require_fetched(path: Path) -> None:
    """Raise Sim2RealError where something stands in the place of a file, as ``unfetched`` tells."""
    refuse(words := unfetched(path), f"{path}: {words}")


def is_nifti(path: Path) -> bool:
    """Whether the name ends as a NIfTI's does; files that begin with a dot are nobody's images (a
    Mac leaves ``._name.nii.gz`` beside ``name.nii.gz``)."""
    return path.name.lower().endswith(NIFTI) and not path.name.startswith(".")


def is_label(path: Path) -> bool:
    """Whether the name is a label's, ``<image>_gt`` before the ending."""
    return is_nifti(path) and stem(path).lower().endswith(_LABEL)


def stem(path: Path) -> str:
    """The file's name without a NIfTI's ending; other dots stay."""
    name = path.name
    ending = next((end for end in NIFTI if name.lower().endswith(end)), "")
    return name[: len(name) - len(ending)]


def label_beside(path: Path) -> Path | None:
    """The label of an image, ``<stem>_gt`` in the same folder with any of the endings."""
    return nifti_named(path.parent, stem(path) + _LABEL)


def nifti_named(folder: Path, wanted: str) -> Path | None:
    """The NIfTI of the stem ``wanted`` in a folder, packed or not; None where there is none, and a
    link that leads nowhere counts as one."""
    names = (path for path in folder.iterdir() if is_nifti(path) and stem(path) == wanted)
    by_ending = {path.name[len(wanted) :].lower(): path for path in names}
    return next((by_ending[ending] for ending in NIFTI if ending in by_ending), None)


def other_format(path: Path) -> str:
    """Which format other than NIfTI the name is of and what converts it, in words; "" for none of
    those known."""
    ending = next((end for end in _CONVERT if path.name.lower().endswith(end)), None)
    if ending is None:
        return ""
    kind, tool = _CONVERT[ending]
    return f"is {kind}; expected NIfTI (.nii or .nii.gz): convert it with {tool}"


def nifti_files(source: Path) -> list[Path]:
    """``source`` itself, or the NIfTI files in it but labels (``_gt``), in the order of their
    names; no two of one stem.

    Raises Sim2RealError where there is none, and where results named by their stems would overwrite
    each other.
    """
    refuse(
        not source.exists(),
        f"{source}: no such file or folder; expected a NIfTI image or a folder of them",
    )
    if source.is_dir():
        found = (path for path in source.iterdir() if is_nifti(path) and path.is_file())
        paths = sorted(path for path in found if not is_label(path))
    else:
        paths = [source]
    refuse(
        not paths,
        f"{source}: holds no NIfTI image; expected *.nii or *.nii.gz",
    )
    refuse(
        len({stem(path) for path in paths}) < len(paths),
        f"{source}: two files differ in their ending alone, and one would overwrite the other's"
        " result; rename one",
    )
    return paths
