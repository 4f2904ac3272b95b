"""What every chapter uses: images and their geometry, labels, slices, files written whole, seeds,
a run's folder, and the one error that a user is meant to read.

>>> import numpy as np
>>> from sim2real.data import Image, normalise
>>> image = Image(np.arange(24.0).reshape(2, 3, 4), np.diag([1.4, 1.4, 8, 1]))
>>> [float(mm) for mm in image.spacing_mm]
[1.4, 1.4, 8.0]
>>> float(normalise(image.data, 1, 99).max())
1.0
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "chapter": ["Chapter", "Fraction", "Notebook", "ParameterModel", "Positive"],
        "code": ["module_digests", "notebook_source", "science_digest"],
        "device": ["choose_device", "computes_bfloat16"],
        "errors": ["Sim2RealError", "refuse"],
        "fetching": ["require_fetched", "unfetched"],
        "files": [
            "atomic",
            "clear_temporaries",
            "fingerprint_of",
            "folder_stamp",
            "read_json",
            "read_table",
            "resumable_folder",
            "sha256",
            "write_json",
            "write_table",
            "write_text",
        ],
        "images": [
            "UNORIENTED",
            "Image",
            "axes_apart",
            "normalise",
            "open_image",
            "open_stack",
            "phases_of",
            "read_image",
            "read_intensities",
            "read_labels",
            "read_voxels",
            "unpacked",
            "write_image",
            "write_like",
        ],
        "labels": ["LV", "MYO", "PHASES", "REGIMES", "RV", "STRUCTURES", "VENDORS"],
        "moving": [
            "choice_html",
            "cine_html",
            "mosaic_html",
            "outlines_html",
            "outlines_path",
            "png_uri",
            "range_html",
        ],
        "names": [
            "at_home",
            "entries",
            "is_label",
            "is_nifti",
            "label_beside",
            "nifti_named",
            "other_format",
            "stem",
        ],
        "numbers": [
            "named_numbers",
            "spoken",
            "spoken_against",
            "spoken_interval",
            "spoken_p",
            "spoken_share",
            "told_apart",
        ],
        "pictures": ["small_png"],
        "pieces": ["largest_pieces"],
        "results": ["Results", "read_text_table"],
        "run": ["FORMAT", "RunFolder", "repository", "require_format"],
        "seeds": ["generator", "seed_of"],
        "slices": ["SLICE_COLUMNS", "as_shown", "as_stored", "load_slices", "vendors_of"],
        "style": ["COLOURS", "save_figure", "use_style"],
        "survey": ["Faults", "survey_images"],
        "work": ["available_cores", "map_in_order", "progress"],
    },
)
