"""Names of the files that people bring: which are NIfTI images, which are their labels, and which
are of another format."""

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
