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

from ...data import refuse
from ..structures import ID, labels_of
from .files import XcatSeries


def frame_of(base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (RAS) of the viewer's right and down for a short axis towards ``base``: rows
    without a part from back to front."""
    right = np.array([-base[2], 0, base[0]])
    right /= np.linalg.norm(right)
    return right, np.cross(base, right)


# tilt of the long axis, direction of the RV in the slice: means of the open phantom
_LEFT, _DOWN, _SEPTUM = np.deg2rad([34, 36, 217])
BASE = np.array([np.sin(_LEFT) * np.cos(_DOWN), -np.cos(_LEFT) * np.cos(_DOWN), np.sin(_DOWN)])
TO_RV = np.cos(_SEPTUM) * frame_of(BASE)[0] + np.sin(_SEPTUM) * frame_of(BASE)[1]
_ACROSS = np.cross(BASE, TO_RV)
_LANDMARKS = {"liver": (0.6, 0.1, -0.8), "vertebra": (0.2, -0.95, 0.0)}  # their way from the LV


@dataclass(frozen=True)
class Pose:
    """Where the LV lies.

    Args:
        axes: shape (3, 3), columns are steps of x, y, z in RAS mm.
        base: unit vector from the apex to the base.
        middle: of the cavity, mm.
        found_by: ``body`` or ``heart``.
    """

    axes: np.ndarray
    base: np.ndarray
    middle: np.ndarray
    found_by: str

    def heights(self, volume: np.ndarray, labels: tuple[int, ...]) -> tuple[float, float]:
        """Lowest and highest level of voxels of ``labels`` along the LV's axis, mm from its
        middle."""
        voxels = np.argwhere(np.isin(np.arange(4), labels)[labels_of(volume)])[:, ::-1]
        levels = voxels @ (self.axes.T @ self.base) - self.middle @ self.base
        return float(levels.min()), float(levels.max())


def find_pose(volume: np.ndarray, series: XcatSeries) -> Pose:
    """The pose from a volume of structure numbers, shape (z, y, x), at ED.

    Raises:
        Sim2RealError: where a label of the heart is missing, where the volume cuts the LV off, and
            where it is mirrored.
    """
    names = {"lv_blood": "bldplLV_act", "lv_myocardium": "myoLV_act", "rv_blood": "bldplRV_act"}
    points = {
        name: np.argwhere(volume == ID[name])[:, ::-1] * series.spacing_mm
        for name in (*names, *_LANDMARKS)
    }
    for structure, parameter in names.items():
        refuse(
            not len(points[structure]),
            f"{series.par}: no voxel has the activity of {parameter}; check it in the .par, 0"
            " is air",
        )
    _refuse_cut(volume == ID["lv_blood"], series)
    middle = points["lv_blood"].mean(axis=0)
    landmarks = {
        name: points[name].mean(axis=0) - middle for name in _LANDMARKS if len(points[name])
    }
    heart = np.concatenate([points["lv_blood"], points["lv_myocardium"]])
    base = np.linalg.eigh(np.cov(heart.T))[1][:, -1]
    # the wall surrounds the cavity and closes it at the apex: its middle lies nearer the apex
    if (middle - points["lv_myocardium"].mean(axis=0)) @ base < 0:
        base = -base
    to_rv = points["rv_blood"].mean(axis=0) - middle
    to_rv -= to_rv @ base * base
    to_rv /= np.linalg.norm(to_rv)
    turn, found_by = _turn_by_body(landmarks, points["vertebra"], base, to_rv), "body"
    if turn is None:
        heart_axes = np.stack([base, to_rv, np.cross(base, to_rv)], axis=1)
        turn, found_by = np.stack([BASE, TO_RV, _ACROSS], axis=1) @ heart_axes.T, "heart"
        _refuse_mirrored(turn, landmarks, series)
    return Pose(turn * series.spacing_mm, turn @ base, turn @ middle, found_by)


def _turn_by_body(landmarks, spine, base: np.ndarray, to_rv: np.ndarray) -> np.ndarray | None:
    """The volume's axes to right, front and up, shape (3, 3): the liver lies right and below the
    LV, the spine behind. None without them, or where spine and heart do not lie as they must."""
    if len(landmarks) < 2:
        return None
    liver, vertebra = landmarks["liver"], landmarks["vertebra"]
    signs = np.sign([liver[0], -vertebra[1], -liver[2]])
    if np.ptp(spine[:, 2]) == 0:
        return None
    leaning = np.polyfit(spine[:, 2], spine[:, :2], 1)[0]  # mm a mm; 0.5: 27 degrees
    fits = (signs * base) @ BASE > 0.5 and (signs * to_rv) @ TO_RV > 0
    return np.diag(signs) if fits and signs.all() and np.abs(leaning).max() < 0.5 else None


def _refuse_mirrored(turn: np.ndarray, landmarks: dict, series: XcatSeries) -> None:
    """Mirrored in the plane of the long axis and the RV, a heart looks the same; liver and spine,
    where there, do not."""
    for name, place in landmarks.items():
        usual = np.dot(_LANDMARKS[name], _ACROSS)
        refuse(
            abs(usual) > 0.3 and turn @ place @ _ACROSS * usual < 0,
            f"{series.par}: the {name} lies on the wrong side of the heart, so the volume is"
            " mirrored; expected x, y and z in XCAT's order, turned at most, copy XCAT's own"
            " output",
        )


def _refuse_cut(cavity: np.ndarray, series: XcatSeries) -> None:
    """A cavity that is wide where the volume ends goes on beyond it; a cut that passes takes a
    tenth of half an ellipsoid at most."""
    for axis, name in enumerate(("startslice to endslice", "array_size", "array_size")):
        areas = np.count_nonzero(np.moveaxis(cavity, axis, 0), axis=(1, 2))
        refuse(
            max(areas[0], areas[-1]) > 0.45 * areas.max(),
            f"{series.par}: the LV's cavity is cut off at the volume's edge; expected the whole"
            f" heart, widen {name}",
        )
