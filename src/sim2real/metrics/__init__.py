"""Pure functions of arrays: overlap and surface distances of masks, distances of sets of images,
texture, and statistics over subjects.

>>> import numpy as np
>>> from sim2real.metrics import crossed_mean, dice, distances_mm, frechet_distance
>>> reference = np.zeros((4, 20, 30), bool)
>>> reference[:, 5:12, 5:12] = True
>>> prediction = np.roll(reference, 2, axis=2)
>>> print(f"{dice(prediction, reference):.3f}")
0.714
>>> distances_mm(prediction, reference, spacing_mm=(9.0, 1.25, 1.5))["hd_mm"]
3.0
>>> features = np.random.default_rng(0).normal(size=(50, 3))  # image, feature
>>> round(frechet_distance(features + [3, 0, 4], features), 3)
25.0
>>> dices = np.array([[0.8], [0.9], [0.85], [0.7], [0.95]])  # subject, seed
>>> mean = crossed_mean(dices)
>>> print(f"{mean.value:.2f} ({mean.low:.2f} to {mean.high:.2f})")
0.84 (0.72 to 0.96)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "crossed": ["CrossedMean", "crossed_mean", "holm", "paired_difference"],
        "frechet": ["frechet_distance"],
        "intervals": ["Estimate", "FEWEST_SUBJECTS", "jackknife", "share"],
        "kid": ["kernel_distance", "kernel_distance_by_subject"],
        "measures": ["SLICE_MEASURES", "slice_measures", "spectrum_slope"],
        "shape": ["SHAPE_MEASURES", "slice_shape"],
        "overlap": ["dice", "distances_mm", "hausdorff_2d_mm", "hausdorff_mm"],
        "texture": ["standardise", "texture_distance", "texture_features"],
        "torchvision_shim": ["import_torchvision"],
    },
)
