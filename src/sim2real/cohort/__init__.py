"""Chapter 3: the real cohort, or its surrogate, and both domains on the analysis grid.

A stack and its label, stored with x and y exchanged, on the grid as a viewer shows it:

>>> import numpy as np
>>> from sim2real.cohort import Grid, field_centre, mid_ventricular, to_grid, upright
>>> from sim2real.data.images import Image
>>> affine = np.array([[0, 1.5, 0, 0], [1.5, 0, 0, 0], [0, 0, -9.0, 0], [0, 0, 0, 1]])
>>> label = np.zeros((60, 70, 6), np.uint8)
>>> label[20:40, 40:55], label[20:40, 30:40], label[24:36, 43:52] = 2, 3, 1  # MYO, RV, LV
>>> label = Image(label, affine)
>>> image, label = upright(Image(label.data * 100.0, affine), label, guide=label)
>>> mid_ventricular([label.data], 4, "someone")
[1, 2, 3, 4]
>>> on_grid = to_grid(label, field_centre(label), Grid(pixels=64, pixel_mm=2.0), is_label=True)
>>> on_grid.data.shape
(64, 64, 6)
>>> rv, lv = (np.argwhere(on_grid.data == value)[:, 0].mean() for value in (3, 1))
>>> bool(rv < lv)  # the RV on the viewer's left
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "acdc": ["survey_acdc"],
        "appearance": ["VENDOR_LOOKS", "image_subject"],
        "cases": [
            "Case",
            "Cohort",
            "Frame",
            "LeftOut",
            "displacement_reason",
            "header_faults",
            "numbered_as_ours",
            "require_subjects",
            "slices_third",
            "whole_labels",
        ],
        "chapter": ["COHORT"],
        "check": ["check_cohort", "examined"],
        "find": ["find_cases", "read_real"],
        "finder": ["FINDER", "FINDER_GRID", "find_heart"],
        "grid": [
            "Grid",
            "TooFewSlices",
            "field_centre",
            "from_grid",
            "heart_centre",
            "mid_ventricular",
            "to_grid",
            "upright",
        ],
        "layout": ["is_mnms"],
        "mnms": ["read_mnms", "survey_mnms"],
        "parameters": ["CohortParameters"],
        "stage": [
            "must_be_found",
            "prepare",
            "prepare_randomised",
            "prepare_real",
            "prepare_relocated",
            "prepare_simulated",
            "unlabelled_images",
        ],
        "surrogate": ["write_surrogate"],
    },
)
