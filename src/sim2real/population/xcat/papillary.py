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
    blood, wall = section == ID["lv_blood"], section == ID["lv_myocardium"]
    points = np.argwhere(blood)
    if len(points) == 0 or np.linalg.matrix_rank(points - points[0]) < 2:
        return  # a point or a line has no hull
    parts, _ = label(wall)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    inside = convex_hull_image(blood, offset_coordinates=False) & wall
    edge = max(math.ceil(NARROWEST_MM / pixel_mm), 2)
    wide = binary_opening(inside, np.ones((edge, edge)))
    section[inside & ((parts != np.argmax(sizes)) | wide)] = ID["papillary_muscle"]
