"""Names of the files that people bring: which are NIfTI images, which are their labels, and which
are of another format."""

import os
import unicodedata
from pathlib import Path

NIFTI = (".nii.gz", ".nii")
"""Endings of NIfTI files, in either case."""
_LABEL = "_gt"
_ANALYZE = ("half of a pair of files (Analyze or NIfTI)", "nibabel's nib-convert")
_MGH = ("an image in FreeSurfer's MGH format", "mri_convert or nibabel's nib-convert")
_PAR_REC = ("an image in Philips' PAR/REC", "dcm2niix or nibabel's parrec2nii")
_DICOM = ("DICOM", "dcm2niix")
_NRRD = ("NRRD", "3D Slicer or SimpleITK")
_META = ("MetaImage", "3D Slicer or SimpleITK")
_BZIP2 = ("packed with bzip2", "bunzip2")
_XZ = ("packed with xz", "unxz")
_ZSTD = ("packed with zstd", "unzstd")
_ZIP = ("packed with zip", "unzip")
_BY_NAME = {
    ".hdr": _ANALYZE,
    ".img": _ANALYZE,
    ".hdr.gz": _ANALYZE,
    ".img.gz": _ANALYZE,
    ".mgz": _MGH,
    ".mgh": _MGH,
    ".par": _PAR_REC,
    ".rec": _PAR_REC,
    ".dcm": _DICOM,
    ".ima": _DICOM,
    ".nrrd": _NRRD,
    ".mha": _META,
    ".mhd": _META,
    ".nii.bz2": _BZIP2,
    ".nii.xz": _XZ,
    ".nii.zst": _ZSTD,
    ".nii.zip": _ZIP,
}
_BY_CONTENT = (
    (128, b"DICM", _DICOM),
    (344, b"ni1\0", _ANALYZE),
    (0, b"# === DATA DESCRIPTION FILE", _PAR_REC),
    (0, b"NRRD0", _NRRD),
    (0, b"ObjectType =", _META),
    (0, b"BZh", _BZIP2),
    (0, b"\xfd7zXZ\0", _XZ),
    (0, b"\x28\xb5\x2f\xfd", _ZSTD),
    (0, b"PK\x03\x04", _ZIP),
    (257, b"ustar", ("an archive of tar", "tar, which unpacks it")),
    (0, b"\0\0\0\1\0\0", _MGH),
)


_LEFT_BEHIND = (".", "~$", "__MACOSX")
"""How names begin that no person gave: of hidden files and a Mac's ``._name`` and ``.DS_Store``, of
Excel's lock beside an open workbook, of what a Mac adds to an archive."""


def at_home(path: Path | str) -> Path:
    """The path as a shell would have it: ``~`` at its start is a home folder, if there is one of
    that name."""
    return Path(os.path.expanduser(path))


def entries(folder: Path) -> list[Path]:
    """What people put into a folder, in the order of names. Raises OSError as ``os.listdir``."""
    return [folder / name for name in sorted(os.listdir(folder)) if not left_behind(name)]


def left_behind(name: str) -> bool:
    """Whether a system or a program gave the name, and no person."""
    return name.startswith(_LEFT_BEHIND)


def is_text(name: str) -> bool:
    """Whether a name is in UTF-8, so that it can be written to a table: others reach Python with
    their bytes in code points that no text has."""
    return name == os.fsencode(name).decode("utf-8", "replace")


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


def one_name(name: str) -> str:
    """What is equal for names that some disk takes for one: case and the spelling of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def label_beside(path: Path) -> Path | None:
    """The label of an image, ``<stem>_gt`` in the same folder with any of the endings."""
    return nifti_named(path.parent, stem(path) + _LABEL)


def nifti_named(folder: Path, wanted: str) -> Path | None:
    """The NIfTI of the stem ``wanted`` in a folder, packed or not; None where there is none, and a
    link that leads nowhere counts as one. The stem as it is comes before one in another case."""
    named = (path for path in folder.iterdir() if is_nifti(path))
    same = [path for path in named if one_name(stem(path)) == one_name(wanted)]
    rank = lambda path: (stem(path) != wanted, not path.name.lower().endswith(NIFTI[0]), path.name)
    return min(same, key=rank, default=None)


def other_format(path: Path) -> str:
    """Which format other than NIfTI the name is of and what converts it, in words; "" for none of
    those known."""
    endings = (end for end in _BY_NAME if path.name.lower().endswith(end))
    return _in_words(_BY_NAME.get(next(endings, None)))


def other_content(content: bytes) -> str:
    """The same of the first 348 bytes of a file, unpacked."""
    if content.lstrip()[:5].lower() in (b"<!doc", b"<html"):
        return "is a web page, as a download without a login leaves; download the image again"
    kinds = (kind for at, mark, kind in _BY_CONTENT if content[at : at + len(mark)] == mark)
    return _in_words(next(kinds, None))


def _in_words(kind: tuple[str, str] | None) -> str:
    if kind is None:
        return ""
    return f"is {kind[0]}; expected NIfTI (.nii or .nii.gz): convert it with {kind[1]}"
