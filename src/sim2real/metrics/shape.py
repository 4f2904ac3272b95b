"""Shape of a labelled slice, free of how it is turned: measured on rays from the LV's middle."""

import numpy as np
from scipy.spatial import ConvexHull

from ..data import LV, MYO, RV, refuse

SHAPE_MEASURES = {
    "lv_radius_cv": "LV radius, SD / mean round the ring",
    "wall_cv": "wall, SD / mean round the ring",
    "septum_to_lateral": "septum / lateral wall",
    "wall_mm": "wall, mm",
    "epicardial_radius_mm": "epicardial radius, mm",
    "rv_thickness": "RV thickness / epicardial radius",
    "rv_solidity": "RV area / convex hull",
    "rv_arc_deg": "arc of the wall beside the RV, degrees",
    "rv_angle_deg": "direction of the RV from the LV, degrees; 180: the viewer's left, 90: up",
}
_N_RAYS = 60
_STEP = 0.25  # along a ray, pixels
_REACH = 2.5  # beyond the wall, pixels, within which the RV touches it
_ARC = 6  # rays on each side of a direction that are averaged for a wall there
_FEWEST = 15  # pixels of a structure


def slice_shape(label: np.ndarray, pixel_mm: float) -> dict[str, float]:
    """The measures ``SHAPE_MEASURES`` of one slice; NaN where a structure is missing or tiny.

    The RV's thickness is taken towards the middle of the septum; its arc is that of the outer wall
    which it touches.

    Args:
        label: shape (row, column), values of ``data.labels``, square pixels.
        pixel_mm: edge of a pixel.

    Raises:
        Sim2RealError: for labels that are no slice.
    """
    label = np.asarray(label)
    refuse(label.ndim != 2, f"labels have shape {label.shape}; expected (row, column)")
    if min((label == value).sum() for value in (LV, MYO, RV)) < _FEWEST:
        return dict.fromkeys(SHAPE_MEASURES, float("nan"))
    centre = np.argwhere(label == LV).mean(axis=0)
    radii, rays = _rays(label, centre)
    inner, outer, beyond = (
        _furthest(np.isin(rays, values), radii) for values in ((LV,), (LV, MYO), (RV,))
    )
    wall = outer - inner
    near = (radii > outer[:, None]) & (radii < outer[:, None] + _REACH)
    touching = ((rays == RV) & near).any(axis=1)
    row, column = np.argwhere(label == RV).mean(axis=0) - centre
    angle = float(np.degrees(np.arctan2(-row, column)) % 360)
    septum = _middle(touching) if touching.any() else round(angle * _N_RAYS / 360) % _N_RAYS
    epicardial = float(np.nanmean(outer))
    thickness = np.take(beyond - outer, range(septum - 1, septum + 2), mode="wrap")
    return {
        "lv_radius_cv": float(np.nanstd(inner) / np.nanmean(inner)),
        "wall_cv": float(np.nanstd(wall) / np.nanmean(wall)),
        "septum_to_lateral": _wall_at(wall, septum) / _wall_at(wall, septum + _N_RAYS // 2),
        "wall_mm": float(np.nanmean(wall)) * pixel_mm,
        "epicardial_radius_mm": epicardial * pixel_mm,
        "rv_thickness": float(np.nanmean(thickness)) / epicardial if touching.any() else np.nan,
        "rv_solidity": _solidity(label == RV),
        "rv_arc_deg": float(touching.sum() * 360 / _N_RAYS),
        "rv_angle_deg": angle,
    }


def _rays(label: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances along a ray, pixels, and the labels there: (step,), (ray, step)."""
    radii = np.arange(0, max(label.shape), _STEP)
    angles = np.arange(_N_RAYS) * 2 * np.pi / _N_RAYS
    rows = np.rint(centre[0] - np.outer(np.sin(angles), radii)).astype(int)
    columns = np.rint(centre[1] + np.outer(np.cos(angles), radii)).astype(int)
    padded = np.pad(label, 1)  # outside the slice there is background
    rows, columns = (
        np.clip(index + 1, 0, size + 1)
        for index, size in zip((rows, columns), label.shape, strict=True)
    )
    return radii, padded[rows, columns]


def _furthest(inside: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Distance of the last point inside on each ray; NaN where there is none."""
    last = inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    return np.where(inside.any(axis=1), radii[last], np.nan)


def _middle(touching: np.ndarray) -> int:
    """Number of the ray in the middle of those that touch."""
    turns = np.flatnonzero(touching) / _N_RAYS
    mean = np.angle(np.exp(2j * np.pi * turns).sum()) / (2 * np.pi)
    return round(mean * _N_RAYS) % _N_RAYS


def _wall_at(wall: np.ndarray, ray: int) -> float:
    return float(np.nanmean(np.take(wall, range(ray - _ARC, ray + _ARC + 1), mode="wrap")))


def _solidity(mask: np.ndarray) -> float:
    """Pixels over the area of the convex hull of their corners."""
    corners = np.argwhere(mask)[:, None] + np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    return float(mask.sum() / ConvexHull(corners.reshape(-1, 2)).volume)
