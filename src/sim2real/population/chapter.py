"""What chapter 1 tells about itself."""

from ..data import Chapter, Notebook
from .parameters import PopulationParameters

POPULATION = Chapter(
    name="01_virtual_population",
    section="population",
    parameters=PopulationParameters,
    notebooks=(
        Notebook(
            "01_virtual_population",
            makes=("sim2real.population.stage",),
            cores="all",
            rule="spread",
            alone=True,
        ),
    ),
    named_in_paper=("n_subjects",),
    at_most=(("slice_thickness_mm", "slice_spacing_mm"),),
    few={"n_subjects": 6},
    data={"xcat_root": ("anatomy", "XCAT")},
    front=("fig2_volumes",),
    columns={
        "M": "men",
        "F": "women",
        "n": "subjects",
        "met": "meet it",
        "sd": "SD",
        "published_sd": "published SD",
        "z": "difference of means, in standard errors",
        "lv_edv_ml": "LV EDV (ml)",
        "lv_esv_ml": "LV ESV (ml)",
        "lv_ef_percent": "LV EF (%)",
        "lv_mass_g": "LV mass (g)",
        "rv_edv_ml": "RV EDV (ml)",
        "rv_esv_ml": "RV ESV (ml)",
        "wall_mm": "wall at ED (mm)",
        "torsion_deg_per_cm": "torsion (°/cm)",
    },
)
