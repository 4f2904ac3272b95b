"""From any short-axis stack to the analysis grid and back."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.ndimage import map_coordinates

from ..data import LV, MYO, RV, Image, Sim2RealError
from .parameters import CohortParameters

# where the heart's base lies, seen from the apex, in most people (RAS)
_TO_BASE = np.array([0.45, -0.65, 0.6])
_ALONG_THE_BODY = 0.999  # cosine between an axis of a stack and one of the body


@dataclass(frozen=True)
class Grid:
    """Square analysis grid: ``pixels`` by ``pixels`` of ``pixel_mm``."""

    pixels: int = 128
    pixel_mm: float = 1.25

    @classmethod
    def of(cls, parameters: CohortParameters) -> "Grid":
        return cls(parameters.grid_pixels, parameters.pixel_size_mm)


class TooFewSlices(Sim2RealError):
    """A subject whose labels leave fewer mid-ventricular slices than are asked for; ``reason`` says
    so without its name."""

    reason = ""


def upright(
    image: Image,
    label: Image | None = None,
    guide: Image | None = None,
    always: bool = False,
) -> tuple[Image, Image | None]:
    """Image and label with their in-plane axes permuted and flipped alike, as a viewer shows a
    short axis: RV left, anterior up.

    By the world geometry. Where a header holds no orientation, the guide tells: of the four
    quarter turns the one that brings its RV nearest to the viewer's left. So it does where the
    header puts the RV on the right. Slices run apex to base when the header tells.

    Args:
        image: (x, y, slice) with its world geometry.
        label: the same of its labels.
        guide: labels of the same geometry that are asked for the RV: a true label, or what
            ``find_heart`` found. None: the header alone tells.
        always: whether the guide tells though the header holds an orientation.

    Returns:
        Image and label.
    """
    directions = image.affine[:3, :3] / image.spacing_mm
    base = np.cross(directions[:, 0], directions[:, 1])
    base *= np.sign(base @ _TO_BASE) or 1.0
    # scanners prescribe an oblique slice with rows that have no component from back to front
    right = np.array([-base[2], 0.0, base[0]])
    down = np.cross(base, right)
    candidates = list(product(((0, 1), (1, 0)), product((1, -1), repeat=2)))
    scores = [
        signs[0] * directions[:, order[0]] @ right + signs[1] * directions[:, order[1]] @ down
        for order, signs in candidates
    ]
    best = candidates[int(np.argmax(scores))]
    to_rv = None if guide is None else _to_rv(guide)
    if to_rv is not None:
        ask = always or not is_oriented(image.affine) or _shown(to_rv, best)[0] > 0
        turns = [way for way in candidates if _is_mirrored(way) == _is_mirrored(best)]
        best = min(turns, key=lambda way: _shown(to_rv, way)[0]) if ask else best
    turned_label = None if label is None else _reorder(label, *best)
    return _reorder(image, *best), turned_label


def is_oriented(affine: np.ndarray) -> bool:
    """Whether a header tells how the slices lie: a short axis is oblique to the body, so axes along
    the body's tell nothing."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(directions).max(axis=0).min() < _ALONG_THE_BODY)


def is_long_axis(affine: np.ndarray) -> bool:
    """Whether a header puts slices, third, along the axis of the heart, as no short axis lies: its
    base is more than 60 degrees from where it is in most people."""
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    off = abs(normal @ _TO_BASE) / (np.linalg.norm(normal) * np.linalg.norm(_TO_BASE))
    return is_oriented(affine) and bool(off < np.cos(np.radians(60)))


def mid_ventricular(labels: list[np.ndarray], count: int, name: str) -> list[int]:
    """Indices of the middle ones of the slices that hold LV, MYO and RV at every phase.

    Of several runs of neighbouring slices the longest counts, of equally long ones the first; where
    as many slices cannot be left at either end, one fewer is at the first.

    Args:
        labels: of each phase, (x, y, slice).
        count: how many.
        name: of the subject, for the message.

    Raises:
        TooFewSlices: when there are fewer.
    """
    held = [[(label == value).any(axis=(0, 1)) for value in (LV, MYO, RV)] for label in labels]
    complete = np.flatnonzero(np.all(held, axis=(0, 1)))
    # neighbours only: a slice between them that lacks a structure parts them
    runs = np.split(complete, np.flatnonzero(np.diff(complete) > 1) + 1)
    longest = max(runs, key=len).tolist()
    if len(longest) < count:
        reason = (
            f"{len(longest)} neighbouring slices hold LV, MYO and RV at both phases; expected at"
            f" least {count}"
        )
        fault = TooFewSlices(f"{name}: {reason}; leave the subject out")
        fault.reason = reason
        raise fault
    start = (len(longest) - count) // 2
    return longest[start : start + count]


def heart_centre(labels: list[np.ndarray]) -> tuple[float, float]:
    """Voxel coordinates (x, y) of the middle of the box around all labels of all phases."""
    inside = np.any([label > 0 for label in labels], axis=0).any(axis=2)
    x, y = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return (x[0] + x[-1]) / 2, (y[0] + y[-1]) / 2


def field_centre(image: Image) -> tuple[float, float]:
    """Voxel coordinates (x, y) of the middle of the field of view."""
    return (image.data.shape[0] - 1) / 2, (image.data.shape[1] - 1) / 2


def to_grid(image: Image, centre: tuple[float, float], grid: Grid, is_label: bool = False) -> Image:
    """In-plane resampling, linear; of labels the likeliest interpolated one.

    Args:
        image: (x, y, slice).
        centre: of the grid, voxels along x and y.
        grid: its pixels.
        is_label: whether ``image`` holds labels.

    Returns:
        The same slices, with the world geometry of the grid's pixels; outside the source 0.
    """
    step = grid.pixel_mm / image.spacing_mm[:2]
    offsets = np.arange(grid.pixels) - (grid.pixels - 1) / 2
    x, y = centre[0] + offsets * step[0], centre[1] + offsets * step[1]
    coordinates = np.stack(np.meshgrid(x, y, indexing="ij"))
    sample = _sample_label if is_label else _sample
    planes = [sample(plane, coordinates) for plane in np.moveaxis(image.data, 2, 0)]
    data = np.stack(planes, axis=2)
    affine = image.affine.copy()
    affine[:3, :2] *= step
    affine[:3, 3] += image.affine[:3, 0] * x[0] + image.affine[:3, 1] * y[0]
    return Image(data, affine)


def from_grid(label: Image, target: Image) -> np.ndarray:
    """Labels on the analysis grid carried back to an image.

    Args:
        label: on the grid, (x, y, slice).
        target: the image, (x, y, slice).

    Returns:
        Labels of the target's voxels, uint8; 0 where the grid does not reach.
    """
    to_source = np.linalg.inv(label.affine) @ target.affine
    index = np.stack(np.meshgrid(*(np.arange(n) for n in target.data.shape[:3]), indexing="ij"))
    x, y, z = (to_source[i, :3] @ index.reshape(3, -1) + to_source[i, 3] for i in range(3))
    result = np.zeros(x.size, np.uint8)
    nearest = np.rint(z).astype(int)
    for k in range(label.data.shape[2]):
        on_slice = nearest == k
        points = np.stack([x[on_slice], y[on_slice]])
        result[on_slice] = _sample_label(label.data[:, :, k], points)
    return result.reshape(target.data.shape[:3])


def _sample(plane: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    return map_coordinates(np.asarray(plane, np.float32), coordinates, order=1, mode="constant")


def _sample_label(plane: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    shares = [_sample(plane == value, coordinates) for value in (LV, MYO, RV)]
    background = 1 - sum(shares)
    return np.argmax([background, *shares], axis=0).astype(np.uint8)


def _reorder(image: Image, order: tuple[int, int], signs: tuple[int, int]) -> Image:
    data = np.moveaxis(image.data, order, (0, 1))
    affine = image.affine[:, [*order, 2, 3]].copy()
    for axis, sign in enumerate(signs):
        if sign < 0:
            data = np.flip(data, axis)
            affine[:3, 3] += affine[:3, axis] * (data.shape[axis] - 1)
            affine[:3, axis] *= -1
    # the viewer looks from the apex: right × down points to the base, and slices are stored that
    # way
    if np.cross(affine[:3, 0], affine[:3, 1]) @ affine[:3, 2] < 0:
        data = np.flip(data, 2)
        affine[:3, 3] += affine[:3, 2] * (data.shape[2] - 1)
        affine[:3, 2] *= -1
    return Image(np.ascontiguousarray(data), affine)


def _to_rv(label: Image) -> np.ndarray | None:
    """From the LV's middle to the RV's, mm along x and y, over the slices that hold both; None
    where none does."""
    planes = [plane.T for plane in label.data.T if (plane == RV).any() and (plane == LV).any()]
    if not planes:
        return None
    steps = [
        np.argwhere(plane == RV).mean(axis=0) - np.argwhere(plane == LV).mean(axis=0)
        for plane in planes
    ]
    return np.mean(steps, axis=0) * label.spacing_mm[:2]


def _shown(vector: np.ndarray, way: tuple) -> np.ndarray:
    """A vector along x and y after axes have been permuted and flipped: to the right, down."""
    order, signs = way
    return vector[list(order)] * signs


def _is_mirrored(way: tuple) -> bool:
    order, signs = way
    return (order == (1, 0)) != (signs[0] * signs[1] < 0)
