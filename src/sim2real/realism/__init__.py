"""Chapter 5: how near the translated slices lie to real ones.

Distances of three sets of slices to two references, in texture features:

>>> import numpy as np
>>> from sim2real.realism import SliceSet, distance_table, described, texture_space
>>> random = np.random.default_rng(0)
>>> noise = {"simulated": 0.01, "sim2real_A": 0.05, "sim2real_B": 0.2}
>>> noise |= {"real_A": 0.05, "real_B": 0.2}
>>> subjects = np.repeat(list("abcde"), 6)
>>> sets = {
...     name: SliceSet(np.clip(random.normal(0.5, sd, (30, 16, 20)), 0, 1), subjects)
...     for name, sd in noise.items()
... }
>>> table = distance_table({"texture": described(sets, texture_space)})
>>> to_a = table.query("reference == 'real_A' and measure == 'frechet'")
>>> to_a = to_a.set_index("images")["distance"]
>>> bool(to_a["sim2real_A"] < to_a["simulated"])
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "chapter": ["REALISM"],
        "distances": [
            "distance_table",
            "lead_rows",
            "point_distances",
            "remaining_table",
        ],
        "figures": ["NAMES", "SET_COLOURS"],
        "inception": ["find_weights", "inception_features"],
        "learned": ["learned_features"],
        "parameters": ["RealismParameters"],
        "sensitivity": ["changes", "sensitivity_table"],
        "sets": ["SliceSet", "described", "image_sets", "median_slice", "texture_space"],
        "stage": ["feature_spaces", "measure_sets"],
        "vendor": ["train_classifier", "vendor_table"],
    },
)
