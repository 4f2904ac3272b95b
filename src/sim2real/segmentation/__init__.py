"""Chapter 6: one nnU-Net a training regime, scored on real test subjects; Table 1.

The scores of a prediction, and who a regime trains on:

>>> import numpy as np
>>> import pandas as pd
>>> from sim2real.segmentation import count_subjects, measure_rows
>>> reference = np.zeros((4, 40, 50), np.uint8)  # slice, row, column
>>> reference[:, 10:30, 20:40], reference[:, 15:25, 25:35], reference[:, 10:30, 5:20] = 2, 1, 3
>>> prediction = np.roll(reference, 1, axis=1)
>>> for row in measure_rows(prediction, reference, spacing_mm=(9.0, 1.25, 1.25)):
...     print(f"{row['structure']}: Dice {row['dice']:.2f}, HD {row['hd_mm']:.2f} mm")
LV: Dice 0.90, HD 1.25 mm
RV: Dice 0.95, HD 1.25 mm
MYO: Dice 0.90, HD 1.25 mm
>>> images = [("real", "A", name, "ED", "train", "", "") for name in ("s1", "s2")]
>>> columns = ["domain", "vendor", "subject", "phase", "split", "image", "label"]
>>> count_subjects(pd.DataFrame(images, columns=columns), "real")
{'n_real': 2, 'n_simulated': 0}
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "apply": ["predict_source"],
        "chapter": ["REAL_HEARTS", "SCARCITY", "SEGMENTATION"],
        "dataset": ["prepare_dataset", "read_cases", "regime_cases"],
        "evaluate": [
            "evaluate_model",
            "measure_rows",
            "predictions_folder",
            "read_predictions",
            "score_cases",
        ],
        "intervals": ["ALL", "by_subject", "comparison_table", "interval_table", "joined"],
        "parameters": ["RealHeartsParameters", "ScarcityParameters", "SegmentationParameters"],
        "predict": ["predict_slices", "predict_with_confidence"],
        "pretrained": ["PRETRAINED", "pretrained_card"],
        "regimes": ["count_subjects", "regime_rows"],
        "table1": ["intervals_html", "read_published", "table1_html", "table1_means"],
        "training": ["model_folder", "train_cases", "train_segmenter"],
    },
)
