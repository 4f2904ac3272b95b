"""Chapter 2: cine bSSFP images of the virtual subjects.

The signal of myocardium at 1.5 T, and a slab of it on the scanner:

>>> import numpy as np
>>> from sim2real.data.images import Image
>>> from sim2real.population import ID
>>> from sim2real.simulation import SimulationParameters, bssfp_signal, simulate
>>> signal = bssfp_signal(
...     1030.0, 40.0, 0.8, flip_angle_deg=60, repetition_time_ms=3, echo_time_ms=1.5
... )
>>> print(f"{abs(signal):.4f}")
0.0482
>>> structures = np.full((96, 96, 1, 1, 1), ID["lv_myocardium"], np.uint8)
>>> structures[30:60, 40:60] = ID["lv_blood"]
>>> maps = Image(structures, np.diag([1.6, 1.6, 8.0, 1.0]))
>>> image, label = simulate(maps, SimulationParameters(), seed=0, name="a ventricle")
>>> image.data.shape == label.data.shape
True
>>> blood, muscle = (image.data[label.data == value].mean() for value in (1, 2))
>>> bool(blood > 2 * muscle)
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "acquisition": [
            "KSpace",
            "acquire",
            "add_noise",
            "area_weights",
            "breathe",
            "combine",
            "measure",
            "reconstruct",
        ],
        "chapter": ["SIMULATION"],
        "coils": ["CoilArray", "coil_sensitivities"],
        "field": ["FEET_TO_HEAD", "SusceptibilityField", "dipole_field", "smooth_field"],
        "figures": ["outline"],
        "parameters": ["SimulationParameters"],
        "protocol": ["protocol_of"],
        "random_contrast": ["random_contrast"],
        "scan": ["Scan", "simulate", "slice_affine"],
        "signal": ["bssfp_signal"],
        "sources": ["PROTOCOLS"],
        "stage": ["simulate_population"],
        "tables": ["bins_of", "signal_table"],
        "tissues": ["TISSUES", "tissue_times"],
    },
)
