"""Chapter 1: virtual subjects and their 4D structure maps.

>>> from sim2real.population import Phantom, PopulationParameters, SlicePlan, labels_of
>>> from sim2real.population import sample_subject
>>> subject = sample_subject(seed=0, index=3, share_normal=0.5)
>>> subject.group, round(subject.lv_edv_ml), round(subject.lv_esv_ml)
('NOR', 176, 65)
>>> phantom = Phantom(subject)
>>> coarse = PopulationParameters(voxel_mm=2.0, field_of_view_mm=192, sub_slices=1)
>>> maps = phantom.structures(SlicePlan.of(phantom.heart, coarse), ("ED", "ES"), coarse)
>>> maps.data.shape  # x, y, slice, phase, sub-slice
(96, 96, 6, 2, 1)
>>> [int((labels_of(maps.data[:, :, 2, p]) == 1).sum()) for p in range(2)]  # pixels of the LV
[534, 276]
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "chapter": ["POPULATION"],
        "cycle": ["end_systole", "moment_at"],
        "fields": ["CosineField"],
        "heart": ["DENSITY_G_PER_ML", "Heart"],
        "parameters": ["PopulationParameters"],
        "render": ["MIDDLE_SLICES", "Phantom", "SlicePlan", "cine_levels", "maps_of"],
        "right_ventricle": ["RightVentricle"],
        "stage": ["first_healthy", "make_population", "population_table"],
        "structures": ["ID", "STRUCTURE_TABLE", "labels_of"],
        "subjects": ["BANDS", "GROUPS", "Subject", "sample_subject"],
        "summary": ["in_turn", "source"],
        "xcat.files": ["find_xcat_subjects", "open_xcat"],
        "xcat.par": ["write_par", "write_pars"],
        "xcat.read": ["read_xcat_subject"],
    },
)
