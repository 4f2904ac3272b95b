"""What lies apart from the heart taken out of a prediction."""

import numpy as np

from .labels import STRUCTURES


def largest_pieces(labels: np.ndarray) -> np.ndarray:
    """Of the heart as a whole, and then of LV, MYO and RV each, the largest connected piece; the
    rest becomes background.

    labels: of one image, shape (slice, row, column). This is nnU-Net's own postprocessing (Isensee
    et al., Nature Methods 18, 203, 2021), by its own function. nnU-Net decides on it by
    cross-validation; here every regime has it, so that none gains by the choice. A piece is
    connected over faces, edges and corners, across slices, too.
    """
    from nnunetv2.postprocessing.remove_connected_components import (
        remove_all_but_largest_component_from_segmentation,
    )

    for values in (tuple(STRUCTURES.values()), *STRUCTURES.values()):
        if np.isin(labels, values).any():
            labels = remove_all_but_largest_component_from_segmentation(labels, [values])
    return labels
