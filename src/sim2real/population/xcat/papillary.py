"""Papillary muscle, which XCAT draws as LV myocardium when ``papillary_flag`` is 1, told apart from
the compact wall.

Observers of M&Ms and ACDC draw a smooth outline of the cavity with the papillary muscles inside.
The rule: in a short-axis section, wall inside the convex hull of the cavity's blood is papillary
muscle, except slivers narrower than ``NARROWEST_MM``, which the steps of the voxels leave along any
wall; islands in the blood are, of whatever width. In the public MRXCAT example at ES, whose log
counts the compact wall alone, it finds 7.0 to 7.4 ml where the log leaves 7.9 ml.
"""

import math

import numpy as np
from scipy.ndimage import binary_opening, label
from skimage.morphology import convex_hull_image

from ..structures import ID

NARROWEST_MM = 3.0


def mark_papillary(section: np.ndarray, pixel_mm: float) -> None:
    """Renumber papillary muscle in a short-axis section (x, y) of structure numbers, in place."""
    points = np.argwhere(section == ID["lv_blood"])
    if len(points) == 0 or np.linalg.matrix_rank(points - points[0]) < 2:
        return  # a point or a line has no hull
    box = tuple(
        slice(low, high + 1)
        for low, high in zip(points.min(axis=0), points.max(axis=0), strict=True)
    )
    parts, _ = label(section == ID["lv_myocardium"])
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    view = section[box]
    inside = convex_hull_image(view == ID["lv_blood"], offset_coordinates=False) & (
        view == ID["lv_myocardium"]
    )
    edge = max(math.ceil(NARROWEST_MM / pixel_mm), 2)
    islands = parts[box] != np.argmax(sizes)
    view[inside & (islands | binary_opening(inside, np.ones((edge, edge))))] = ID[
        "papillary_muscle"
    ]
