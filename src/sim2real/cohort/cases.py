"""One subject of a real cohort, and a cohort with what was left out of it."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation, generate_binary_structure

from ..data import (
    LV,
    MYO,
    RV,
    VENDORS,
    Image,
    Sim2RealError,
    nifti_named,
    open_stack,
    read_intensities,
    read_voxels,
    refuse,
    require_fetched,
)

# a label this near a whole number was stored in too few digits; one farther off was interpolated
_WHOLE = 0.01
_ACDC_LABEL = re.compile(r"patient\d+_frame\d+_gt\.nii(\.gz)?", re.IGNORECASE)
_OF_ACDC = np.array([0, RV, MYO, LV], np.uint8)  # ours for each of ACDC's, and the other way
_FAR_MORE = 0.3  # of a border than of another
_EXPECTED = f"expected {LV} LV, {MYO} MYO, {RV} RV: renumber the labels"
_STACK = 1.5  # slices lie at least this many times as far apart as pixels


@dataclass(frozen=True)
class Frame:
    """Where one phase of a subject lies: an image and its label, and which phase of 4D files (none:
    3D files)."""

    image: Path
    label: Path
    index: int | None = None


@dataclass(frozen=True)
class Case:
    """One subject of the cohort, its headers checked to fit each other."""

    subject: str
    vendor: str
    split: str
    pathology: str
    sex: str
    ed: Frame
    es: Frame

    def frame(self, phase: str) -> Frame:
        """Where ``ED`` or ``ES`` lies."""
        return self.ed if phase == "ED" else self.es

    @property
    def files(self) -> list[Path]:
        """Every file of the subject once."""
        frames = (self.ed, self.es)
        return list(dict.fromkeys(path for f in frames for path in (f.image, f.label)))

    @property
    def stamp(self) -> list[tuple]:
        """Changes when the files of the subject do, or which phases of them are taken."""
        about = [(str(path), path.stat()) for path in self.files]
        files = [(name, file.st_size, file.st_mtime_ns) for name, file in about]
        return [*files, (self.ed.index, self.es.index)]

    def read(self, phase: str) -> tuple[Image, Image]:
        """Image and label at ``ED`` or ``ES``; of 4D files one phase alone is kept.

        Returns:
            Each (x, y, slice), slices third whatever their order in the file; label uint8 with 1
            LV, 2 MYO, 3 RV.

        Raises:
            Sim2RealError: for damaged files, an image of one value only, and labels that are not
                whole numbers from 0 to 3 (a hundredth of storage noise is rounded away).
        """
        return self.read_image(phase), self.read_label(phase)

    def read_image(self, phase: str) -> Image:
        """The first of ``read``."""
        frame = self.frame(phase)
        nifti = open_stack(frame.image)
        data = read_intensities(frame.image, nifti, frame.index)
        return slices_third(Image(data, np.asarray(nifti.affine, float)))

    def read_label(self, phase: str) -> Image:
        """The second of ``read``, with the affine of the image, which its own is checked to agree
        with."""
        frame = self.frame(phase)
        voxels = read_voxels(frame.label, open_stack(frame.label), frame.index)
        labels = whole_labels(voxels, frame.label, f" at {phase}")
        label = slices_third(Image(labels, np.asarray(open_stack(frame.image).affine, float)))
        return Image(numbered_as_ours(label.data, frame.label), label.affine)


@dataclass(frozen=True)
class LeftOut:
    """A subject that the sources name and the run does not use."""

    subject: str
    vendor: str
    split: str
    reason: str


@dataclass(frozen=True)
class Cohort:
    """Subjects to use; faults that stop a run, a line each; subjects left out and why; numbers
    worth telling."""

    cases: list[Case] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __add__(self, other: "Cohort") -> "Cohort":
        return Cohort(*(ours + vars(other)[name] for name, ours in vars(self).items()))

    def add(self, subject: Case | LeftOut | list[str]) -> None:
        """A subject to use, one left out, or what is wrong with one."""
        if isinstance(subject, Case):
            self.cases.append(subject)
        elif isinstance(subject, LeftOut):
            self.left_out.append(subject)
        else:
            self.faults.extend(subject)

    def sound(self, source: Path | str) -> "Cohort":
        """Itself, or Sim2RealError with the first fault and the number of the others."""
        if not self.faults:
            return self
        first, *others = self.faults
        hint = f" (and {len(others)} more faults: 'sim2real cohort check {source}' lists them)"
        raise Sim2RealError(first + (hint if others else ""))


def require_subjects(
    cases: list[Case], split: str, purpose: str, vendors: tuple[str, ...] = tuple(VENDORS)
) -> None:
    """Raise Sim2RealError, in one line, naming those of ``vendors`` that have no subject in
    ``split``."""
    lacking = sorted(set(vendors) - {case.vendor for case in cases if case.split == split})
    refuse(
        lacking,
        f"the cohort's split '{split}' has no subject of vendor {' nor of '.join(lacking)};"
        f" {purpose} needs at least one of each",
    )


def nifti_of(folder: Path, name: str) -> Path:
    """The NIfTI of a name, packed or not; the packed one's path where there is none."""
    try:
        return nifti_named(folder, name) or folder / f"{name}.nii.gz"
    except OSError:  # the folder cannot be listed: what opens the file tells why
        return folder / f"{name}.nii.gz"


def header_faults(frame: Frame, root: Path, dimensions: int) -> list[str]:
    """What the headers of a frame's two files say against using them; no voxel is read.

    Args:
        frame: image and label.
        root: the folder that the files must not lead out of.
        dimensions: 3, or 4 when ``frame.index`` counts phases.

    Returns:
        A line a fault.
    """
    faults, shapes = [], []
    for path in (frame.image, frame.label):
        try:
            inside(path, root)
            shapes.append(open_stack(path).shape)
            if len(shapes[-1]) != dimensions:
                faults.append(
                    f"{path}: has shape {shapes[-1]}; expected {dimensions} dimensions, slices"
                    " third"
                )
        except Sim2RealError as error:
            faults.append(str(error))
        except OSError as error:
            faults.append(
                f"{path}: cannot be read ({error.strerror or error}); change its permissions"
            )
    if not faults and shapes[0] != shapes[1]:
        faults.append(
            f"{frame.label}: shape {shapes[1]} differs from its image's {shapes[0]}; expected the"
            " same"
        )
    return faults


def spacing_notes(cases: list[Case]) -> list[str]:
    """What was taken for the size of voxels where a header tells it in more than one way."""
    sizes = Counter(open_stack(case.ed.image).extra.get("spacing", "") for case in cases)
    return [
        f"size of voxels in {count} of {len(cases)} subjects: {size}, of what their headers tell"
        for size, count in sizes.items()
        if size
    ]


def displacement_reason(frame: Frame) -> str:
    """Why the label cannot be laid on its image by their headers; "" when it can: no corner is half
    a pixel apart."""
    image, label = open_stack(frame.image), open_stack(frame.label)
    ends = [(0, n - 1) for n in image.shape[:3]]
    corners = np.stack(np.meshgrid(*ends, [1.0], indexing="ij")).reshape(4, -1)
    apart = np.linalg.norm(((image.affine - label.affine) @ corners)[:3], axis=0).max()
    if apart <= np.linalg.norm(image.affine[:3, :3], axis=0).min() / 2:
        return ""
    return (
        f"the affine of {frame.label.name} puts the label up to {apart:.1f} mm from its image;"
        " expected the image's own"
    )


def whole_labels(data: np.ndarray, path: Path, when: str = "") -> np.ndarray:
    """Labels 0 to 3 as uint8, a hundredth of storage noise rounded away. Raises Sim2RealError,
    naming the file, for others."""
    whole = np.rint(data)
    strange = (np.abs(data - whole) > _WHOLE) | (whole < 0) | (whole > 3)
    if strange.any():
        raise Sim2RealError(
            f"{path}: holds the label {data[strange][0]:g}{when}; expected whole numbers, 0 to 3"
        )
    return whole.astype(np.uint8)


def is_exchanged(label: np.ndarray) -> bool:
    """Whether the wall encloses what is numbered RV, and what is numbered LV far less: (x, y,
    slice), a hint of numbers as ACDC has them."""
    return _enclosed(label, RV, MYO) > _enclosed(label, LV, MYO) + _FAR_MORE


def numbered_as_ours(label: np.ndarray, path: Path) -> np.ndarray:
    """A label (x, y, slice) of a user's file with 1 LV, 2 MYO, 3 RV.

    A label of ACDC's, known by its name, is numbered 1 RV, 2 MYO, 3 LV, unless the wall encloses
    what would be RV then: its owner has renumbered it. Raises Sim2RealError for other files with LV
    and RV exchanged, and for every file in which another number than 2 encloses one.
    """
    if (label == MYO).any():
        by_wall = max(_enclosed(label, inner, MYO) for inner in (LV, RV))
        for inner, wall in ((MYO, LV), (RV, LV), (LV, RV), (MYO, RV)):
            refuse(
                _enclosed(label, inner, wall) > by_wall + _FAR_MORE,
                f"{path}: label {wall} encloses label {inner}, as the wall does the LV;"
                f" {_EXPECTED}",
            )
    if _ACDC_LABEL.fullmatch(path.name):
        renumbered = _OF_ACDC[label]
        return label if is_exchanged(renumbered) else renumbered
    refuse(
        is_exchanged(label),
        f"{path}: the wall (2) encloses label {RV} and not label {LV}, so that LV and RV are"
        f" exchanged; {_EXPECTED}",
    )
    return label


def _enclosed(label: np.ndarray, inner: int, wall: int) -> float:
    """The share of ``wall`` in what borders on ``inner`` within its slices; 0 where nothing
    does."""
    in_plane = generate_binary_structure(2, 1)[..., None]
    ring = binary_dilation(label == inner, in_plane) & (label != inner)
    return float((label[ring] == wall).mean()) if ring.any() else 0.0


def inside(path: Path, root: Path) -> None:
    """Raise Sim2RealError for a path that a link leads out of ``root`` or nowhere."""
    require_fetched(path)  # of links that lead round in a circle nothing else can be asked
    refuse(
        not path.resolve().is_relative_to(root.resolve()),
        f"{path}: is a link that leads out of the cohort's folder; put the file itself there",
    )


def slices_third(image: Image) -> Image:
    """The axis whose steps are far longer than the others' moved to the third place; world
    positions stay."""
    order = np.argsort(image.spacing_mm, kind="stable")
    if order[2] == 2 or image.spacing_mm[order[2]] < _STACK * image.spacing_mm[order[1]]:
        return image
    axes = [axis for axis in range(3) if axis != order[2]] + [int(order[2])]
    return Image(np.ascontiguousarray(image.data.transpose(axes)), image.affine[:, [*axes, 3]])
