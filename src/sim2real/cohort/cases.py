"""One subject of a real cohort, and a cohort with what was left out of it."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.errors import Sim2RealError
from ..data.images import Image, open_image, read_voxels
from ..data.labels import PHASES, VENDORS

# a label this near a whole number was stored in too few digits; one farther off was interpolated
_WHOLE = 0.01
_STACK = 1.5  # slices lie at least this many times as far apart as pixels
LEFT_OUT_COLUMNS = ["subject", "vendor", "split", "reason"]


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
    values: tuple[int, int, int, int] = (
        0,
        1,
        2,
        3,
    )  # our label for each of the file's labels 0 to 3

    def frame(self, phase: str) -> Frame:
        return self.ed if phase == "ED" else self.es

    @property
    def image(self) -> Path:
        return self.ed.image

    @property
    def label(self) -> Path:
        return self.ed.label

    @property
    def files(self) -> list[Path]:
        """Every file of the subject once."""
        return list(
            dict.fromkeys(
                path
                for phase in PHASES
                for path in (self.frame(phase).image, self.frame(phase).label)
            )
        )

    def read(self, phase: str) -> tuple[Image, Image]:
        """(image, label) at "ED" or "ES", each (x, y, slice); label uint8 with 1 LV, 2 MYO, 3 RV.
        Of 4D files one phase alone is kept.

        Slices come third whatever their order in the file. Raises Sim2RealError for damaged files,
        an image of one value only and labels that are not whole numbers from 0 to 3 (a hundredth of
        storage noise is rounded away).
        """
        return self.read_image(phase), self.read_label(phase)

    def read_image(self, phase: str) -> Image:
        """The first of ``read``."""
        frame = self.frame(phase)
        nifti = open_image(frame.image)
        data = read_voxels(frame.image, nifti, frame.index)
        if data.min() == data.max():
            raise Sim2RealError(
                f"{frame.image}: every voxel at {phase} is {data.flat[0]:g}; expected an image"
            )
        return slices_third(Image(data, np.asarray(nifti.affine, float)))

    def read_label(self, phase: str) -> Image:
        """The second of ``read``, with the affine of the image, which its own is checked to agree
        with."""
        frame = self.frame(phase)
        labels = whole_labels(
            read_voxels(frame.label, open_image(frame.label), frame.index),
            frame.label,
            f" at {phase}",
        )
        ours = np.array(self.values, np.uint8)[labels]
        return slices_third(Image(ours, np.asarray(open_image(frame.image).affine, float)))


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
        return Cohort(
            self.cases + other.cases,
            self.faults + other.faults,
            self.left_out + other.left_out,
            self.notes + other.notes,
        )

    def sound(self, source: Path | str) -> "Cohort":
        """Itself, or Sim2RealError with the first fault and the number of the others."""
        if self.faults:
            more = len(self.faults) - 1
            raise Sim2RealError(
                self.faults[0]
                + (
                    f" (and {more} more faults: 'sim2real cohort check {source}' lists them)"
                    if more
                    else ""
                )
            )
        return self


def left_out_table(left_out: list[LeftOut]) -> pd.DataFrame:
    """A row a subject, columns ``LEFT_OUT_COLUMNS``."""
    return pd.DataFrame([vars(item) for item in left_out], columns=LEFT_OUT_COLUMNS)


def require_subjects(cases: list[Case], split: str, purpose: str) -> None:
    """Raise Sim2RealError, in one line, naming the vendors that have no subject in ``split``."""
    lacking = [
        vendor
        for vendor in VENDORS
        if not any(case.vendor == vendor and case.split == split for case in cases)
    ]
    if lacking:
        raise Sim2RealError(
            f"the cohort's split '{split}' has no subject of vendor {' nor of '.join(lacking)};"
            f" {purpose} needs at least one of each"
        )


def header_faults(frame: Frame, root: Path, dimensions: int) -> list[str]:
    """What the headers of a frame's two files say against using them, a line each; nothing of the
    voxels is read.

    dimensions: 3, or 4 when ``frame.index`` counts phases. root: the folder that the files must not
    lead out of.
    """
    faults, shapes = [], []
    for path in (frame.image, frame.label):
        try:
            inside(path, root)
            shape = open_image(path).shape
            if len(shape) != dimensions:
                raise Sim2RealError(
                    f"{path}: has shape {shape}; expected {dimensions} dimensions, slices third"
                )
            shapes.append(shape)
        except (Sim2RealError, OSError) as error:
            faults.append(_told(path, error))
    if len(shapes) == 2 and shapes[0] != shapes[1]:
        faults.append(
            f"{frame.label}: shape {shapes[1]} differs from its image's {shapes[0]}; expected the"
            " same"
        )
    return faults


def displacement_reason(frame: Frame) -> str:
    """Why the label cannot be laid on its image by their headers; "" when it can: no corner is half
    a pixel apart."""
    image, label = open_image(frame.image), open_image(frame.label)
    corners = np.stack(
        np.meshgrid(*[(0, n - 1) for n in image.shape[:3]], [1.0], indexing="ij")
    ).reshape(4, -1)
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


def inside(path: Path, root: Path) -> None:
    """Raise Sim2RealError for a path that a link leads out of ``root``."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise Sim2RealError(
            f"{path}: is a link that leads out of the cohort's folder; put the file itself there"
        )


def _told(path: Path, error: Exception) -> str:
    return (
        str(error)
        if isinstance(error, Sim2RealError)
        else f"{path}: cannot be read ({error.strerror or error}); change its permissions"
    )


def slices_third(image: Image) -> Image:
    """The axis whose steps are far longer than the others' moved to the third place; world
    positions stay."""
    order = np.argsort(image.spacing_mm, kind="stable")
    if order[2] == 2 or image.spacing_mm[order[2]] < _STACK * image.spacing_mm[order[1]]:
        return image
    axes = [axis for axis in range(3) if axis != order[2]] + [int(order[2])]
    return Image(np.ascontiguousarray(image.data.transpose(axes)), image.affine[:, [*axes, 3]])
