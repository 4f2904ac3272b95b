"""Measures of a labelled slice: shape, contrast and texture, for a like-with-like look at simulated
and real slices."""

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion

from ..data import LV, MYO, RV, refuse

FEWEST_PIXELS = 10
# Names of the measures and what they are; all but the angle are plain ratios.
SLICE_MEASURES = {
    "wall_to_lv_radius": "wall thickness / LV radius (of circles of equal area)",
    "rv_to_lv_area": "RV area / LV area",
    "septum_angle_deg": "angle between the RV insertions, seen from the LV centre, deg",
    "lv_minor_to_major": "LV minor / major axis",
    "rv_minor_to_major": "RV minor / major axis",
    "rv_offset_to_epicardial_radius": "distance of RV and LV centres / epicardial radius",
    "heart_to_lv_area": "LV, MYO and RV area / LV area",
    "lv_to_myo_intensity": "LV / MYO mean intensity",
    "rv_to_lv_intensity": "RV / LV mean intensity",
    "lv_sd_to_mean": "SD / mean intensity inside the LV (papillary muscles)",
    "myo_sd_to_mean": "SD / mean intensity inside the MYO",
    "spectrum_slope": "slope of log power against log frequency, 4 to 30 cycles / 128 px",
}


def slice_measures(image: np.ndarray, label: np.ndarray, pixel_mm) -> dict[str, float]:
    """The measures ``SLICE_MEASURES`` of one slice; NaN where a structure is missing.

    image: shape (row, column), intensities *before* normalisation, which would move the ratios.
    label: the same shape, values of ``data.labels``. pixel_mm: edge of a pixel in mm, one number or
    (row, column). Intensities are taken inside LV and RV eroded by 2 px and MYO by 1 px, as they
    are if fewer than 10 px would remain.
    """
    image, label = np.asarray(image, float), np.asarray(label)
    refuse(
        image.ndim != 2 or image.shape != label.shape,
        f"image and label have shapes {image.shape} and {label.shape}; expected one slice (row,"
        " column) of each",
    )
    pixel_mm = np.broadcast_to(np.asarray(pixel_mm, float), 2)
    return {
        **_shape(label, pixel_mm),
        **_contrast(image, label),
        "spectrum_slope": spectrum_slope(image),
    }


def spectrum_slope(image: np.ndarray, cycles=(4, 30), per_pixels: int = 128) -> float:
    """Slope of log10 power, averaged over rings one cycle wide, against log10 frequency.

    image: shape (row, column), all of it, without a window, so that the jump between opposite edges
    is part of it. Frequencies in cycles per ``per_pixels`` pixels, whatever the image's size. The
    scale of intensity has no effect.
    """
    image = np.asarray(image, float)
    power = np.abs(np.fft.fft2(image - image.mean())) ** 2
    frequency = np.hypot(
        *np.meshgrid(*(np.fft.fftfreq(size) * per_pixels for size in image.shape), indexing="ij")
    )
    rings = np.arange(cycles[0], cycles[1] + 1)
    ring = np.rint(frequency).astype(int)
    mean = np.array(
        [power[ring == number].mean() if (ring == number).any() else np.nan for number in rings]
    )
    usable = mean > 0
    return (
        float(np.polyfit(np.log10(rings[usable]), np.log10(mean[usable]), 1)[0])
        if usable.sum() > 1
        else float("nan")
    )


def _shape(label: np.ndarray, pixel_mm: np.ndarray) -> dict[str, float]:
    area = {
        structure: float((label == structure).sum()) * pixel_mm.prod()
        for structure in (LV, MYO, RV)
    }
    lv, rv = _moments(label == LV, pixel_mm), _moments(label == RV, pixel_mm)
    lv_radius, epicardial_radius = (
        np.sqrt(area[LV] / np.pi),
        np.sqrt((area[LV] + area[MYO]) / np.pi),
    )
    return {
        "wall_to_lv_radius": (
            _ratio(epicardial_radius - lv_radius, lv_radius) if area[MYO] else float("nan")
        ),
        "rv_to_lv_area": _ratio(area[RV], area[LV]),
        "septum_angle_deg": _septum_angle(label, lv[0], pixel_mm),
        "lv_minor_to_major": lv[1],
        "rv_minor_to_major": rv[1],
        "rv_offset_to_epicardial_radius": _ratio(np.linalg.norm(rv[0] - lv[0]), epicardial_radius),
        "heart_to_lv_area": _ratio(sum(area.values()), area[LV]),
    }


def _moments(mask: np.ndarray, pixel_mm: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre (row, column) in mm, and minor / major axis of the ellipse of equal second moments."""
    points = np.argwhere(mask) * pixel_mm
    if len(points) < 3:
        return np.full(2, np.nan), float("nan")
    # a pixel is a square, not a point: its own moment, edge² / 12, belongs to the whole
    moments = np.cov(points.T, bias=True) + np.diag(pixel_mm**2) / 12
    low, high = np.linalg.eigvalsh(moments)
    return points.mean(axis=0), float(np.sqrt(low / high))


def _septum_angle(label: np.ndarray, centre: np.ndarray, pixel_mm: np.ndarray) -> float:
    """Extent, seen from ``centre``, of the MYO pixels that touch the RV; 360 less the widest gap
    between two of them."""
    touching = (label == MYO) & binary_dilation(label == RV, np.ones((3, 3)))
    if not touching.any() or np.isnan(centre).any():
        return float("nan")
    row, column = (np.argwhere(touching) * pixel_mm - centre).T
    angles = np.sort(np.degrees(np.arctan2(row, column)))
    return float(360 - np.diff(angles, append=angles[0] + 360).max())


def _contrast(image: np.ndarray, label: np.ndarray) -> dict[str, float]:
    inside = {
        structure: image[_eroded(label == structure, pixels)]
        for structure, pixels in ((LV, 2), (RV, 2), (MYO, 1))
    }
    mean = {
        structure: values.mean() if values.size else float("nan")
        for structure, values in inside.items()
    }
    return {
        "lv_to_myo_intensity": _ratio(mean[LV], mean[MYO]),
        "rv_to_lv_intensity": _ratio(mean[RV], mean[LV]),
        "lv_sd_to_mean": _ratio(inside[LV].std() if inside[LV].size else np.nan, mean[LV]),
        "myo_sd_to_mean": _ratio(inside[MYO].std() if inside[MYO].size else np.nan, mean[MYO]),
    }


def _eroded(mask: np.ndarray, pixels: int) -> np.ndarray:
    core = binary_erosion(mask, iterations=pixels)
    return core if core.sum() >= FEWEST_PIXELS else mask


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator else float("nan")
