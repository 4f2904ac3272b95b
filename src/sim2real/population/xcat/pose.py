"""How the heart lies in an XCAT volume, found from the labels: the LV's axis, and the volume's axes
in the body.

The liver and the spine tell right from left, front from back and up from down. Where they are
missing (a volume cropped to the heart) or do not fit the heart (a volume turned in XCAT or after
it; the public MRXCAT example is one), the heart itself tells: its base and its RV are taken to
point where those of the mean of the open phantom point. A turned volume must not be mirrored;
XCAT's own axes, to the left, to the back and up, are right-handed.
"""

from dataclasses import dataclass

import numpy as np

from ...data.errors import Sim2RealError
from ..structures import ID, labels_of
from .files import XcatSeries


def frame_of(base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (RAS) of the viewer's right and down for a short axis towards ``base``: rows
    without a part from back to front."""
    right = np.array([-base[2], 0, base[0]])
    right /= np.linalg.norm(right)
    return right, np.cross(base, right)


_LEFT, _DOWN, _SEPTUM = np.deg2rad(
    [34, 36, 217]
)  # tilt of the long axis, direction of the RV in the slice: means of the open phantom
BASE = np.array([np.sin(_LEFT) * np.cos(_DOWN), -np.cos(_LEFT) * np.cos(_DOWN), np.sin(_DOWN)])
TO_RV = np.cos(_SEPTUM) * frame_of(BASE)[0] + np.sin(_SEPTUM) * frame_of(BASE)[1]


@dataclass(frozen=True)
class Pose:
    """Where the LV lies. axes: shape (3, 3), columns are steps of x, y, z in RAS mm; base: unit
    vector; middle: of the cavity, mm."""

    axes: np.ndarray
    base: np.ndarray
    middle: np.ndarray
    found_by: str  # body, heart

    def heights(self, volume: np.ndarray, labels: tuple[int, ...]) -> tuple[float, float]:
        """Lowest and highest level of voxels of ``labels`` along the LV's axis, mm from its
        middle."""
        along = (
            np.argwhere(np.isin(np.arange(4), labels)[labels_of(volume)])[:, ::-1]
            @ (self.axes.T @ self.base)
            - self.middle @ self.base
        )
        return float(along.min()), float(along.max())


def find_pose(volume: np.ndarray, series: XcatSeries) -> Pose:
    """The pose from a volume of structure numbers, shape (z, y, x), at ED.

    Raises Sim2RealError where a label of the heart is missing, where the volume cuts the LV off,
    and where it is mirrored.
    """
    for label, name in ((1, "bldplLV_act"), (2, "myoLV_act"), (3, "bldplRV_act")):
        if not (labels_of(volume) == label).any():
            raise Sim2RealError(
                f"{series.par}: no voxel has the activity of {name}; check it in the .par, 0 is air"
            )
    _refuse_cut(volume, series)
    points = {
        name: np.argwhere(volume == ID[name])[:, ::-1] * series.spacing_mm
        for name in ("lv_blood", "lv_myocardium", "rv_blood")
    }
    middles = {name: found.mean(axis=0) for name, found in points.items()}
    for name in ("liver", "vertebra"):
        middles[name] = _middle(volume == ID[name]) * series.spacing_mm
    base, to_rv = _directions(points, middles)
    signs = _signs(middles)
    if (
        signs is not None
        and _upright(volume, series)
        and (signs * base) @ BASE > 0.5
        and (signs * to_rv) @ TO_RV > 0
    ):
        turn, found_by = np.diag(signs), "body"
    else:
        turn, found_by = _turn(base, to_rv), "heart"
        _refuse_mirrored(turn, middles, series)
    axes = turn * series.spacing_mm
    return Pose(axes, turn @ base, turn @ middles["lv_blood"], found_by)


def _directions(points: dict, middles: dict) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors to the base and, across it, to the RV, in the volume's axes."""
    _, vectors = np.linalg.eigh(
        np.cov(np.concatenate([points["lv_blood"], points["lv_myocardium"]]).T)
    )
    # The wall surrounds the cavity and closes it at the apex: its middle lies nearer the apex than
    # the cavity's.
    base = vectors[:, -1] * (
        np.sign((middles["lv_blood"] - middles["lv_myocardium"]) @ vectors[:, -1]) or 1.0
    )
    to_rv = middles["rv_blood"] - middles["lv_blood"]
    to_rv = to_rv - to_rv @ base * base
    return base, to_rv / np.linalg.norm(to_rv)


def _signs(middles: dict) -> np.ndarray | None:
    """+1 or -1 an axis from the volume's axes to right, front and up: the liver lies right and
    below the LV, the spine behind."""
    liver, spine = middles["liver"] - middles["lv_blood"], middles["vertebra"] - middles["lv_blood"]
    told = np.array([liver[0], -spine[1], -liver[2]])
    return np.sign(told) if np.isfinite(told).all() and told.all() else None


def _upright(volume: np.ndarray, series: XcatSeries) -> bool:
    """Whether the spine runs along z: its middle moves by less than 0.5 mm a mm, 27 degrees."""
    spine = volume == ID["vertebra"]
    counts = np.count_nonzero(spine, axis=(1, 2))
    held = np.flatnonzero(counts)
    if len(held) < 2:
        return False
    middles = [
        np.count_nonzero(spine, axis=axis)[held] @ np.arange(volume.shape[3 - axis]) / counts[held]
        for axis in (1, 2)
    ]
    slopes = [
        np.polyfit(held, middle, 1, w=counts[held])[0] * series.pixel_mm / series.slice_mm
        for middle in middles
    ]
    return max(map(abs, slopes)) < 0.5


def _turn(base: np.ndarray, to_rv: np.ndarray) -> np.ndarray:
    """The rotation, shape (3, 3), that brings base and RV where those of the open phantom's mean
    lie."""
    ours = np.stack([BASE, TO_RV, np.cross(BASE, TO_RV)], axis=1)
    return ours @ np.stack([base, to_rv, np.cross(base, to_rv)], axis=1).T


def _refuse_mirrored(turn: np.ndarray, middles: dict, series: XcatSeries) -> None:
    """Mirrored in the plane of the long axis and the RV, a heart looks the same; liver and spine,
    where there, do not."""
    across = np.cross(BASE, TO_RV)
    for name, usual in (("liver", (0.6, 0.1, -0.8)), ("vertebra", (0.2, -0.95, 0.0))):
        towards = turn @ (middles[name] - middles["lv_blood"])
        if (
            np.isfinite(towards).all()
            and abs(np.dot(usual, across)) > 0.3
            and (towards @ across) * np.dot(usual, across) < 0
        ):
            raise Sim2RealError(
                f"{series.par}: the {name} lies on the wrong side of the heart, so the volume is"
                " mirrored; expected x, y and z in XCAT's order, turned at most, copy XCAT's own"
                " output"
            )


def _refuse_cut(volume: np.ndarray, series: XcatSeries) -> None:
    """A cavity that is wide where the volume ends goes on beyond it; a cut that passes takes a
    tenth of half an ellipsoid at most."""
    inside = volume == ID["lv_blood"]
    for axis, name in enumerate(("startslice to endslice", "array_size", "array_size")):
        areas = np.count_nonzero(inside, axis=tuple(other for other in range(3) if other != axis))
        if max(areas[0], areas[-1]) > 0.45 * areas.max():
            raise Sim2RealError(
                f"{series.par}: the LV's cavity is cut off at the volume's edge; expected the whole"
                f" heart, widen {name}"
            )


def _middle(mask: np.ndarray) -> np.ndarray:
    """Mean index along x, y and z of a mask (z, y, x); NaN of an empty one."""
    count = np.count_nonzero(mask)
    if count == 0:
        return np.full(3, np.nan)
    sums = [
        np.count_nonzero(mask, axis=tuple(other for other in range(3) if other != axis))
        for axis in (2, 1, 0)
    ]
    return np.array([along @ np.arange(len(along)) / count for along in sums])
