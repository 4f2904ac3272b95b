"""What chapter 3 tells about itself."""

from ..data import Chapter, Notebook
from ..simulation import SIMULATION
from .parameters import CohortParameters

COHORT = Chapter(
    name="03_real_cohort",
    section="cohort",
    parameters=CohortParameters,
    notebooks=(
        Notebook(
            "03_find_cohort",
            makes=("sim2real.cohort.find",),
            cores="all",
            rule="spread",
            on_page=False,
        ),
        Notebook(
            "03_real_cohort",
            reads=(SIMULATION.name, "03_find_cohort"),
            makes=("sim2real.cohort.stage",),
            cores="all",
            rule="spread",
        ),
    ),
    named_in_paper=("grid_pixels", "n_slices"),
    data={"mnms_root": ("real", "M&Ms"), "acdc_root": ("real", "ACDC")},
    columns={
        "n_subjects": "subjects",
        "n_images": "images",
        "n_slices": "slices",
        "wall_to_lv_radius": "wall / LV radius",
        "rv_to_lv_area": "RV / LV area",
        "septum_angle_deg": "angle of the septum (°)",
        "lv_minor_to_major": "LV minor / major axis",
        "rv_minor_to_major": "RV minor / major axis",
        "rv_offset_to_epicardial_radius": "RV offset / epicardial radius",
        "heart_to_lv_area": "heart / LV area",
        "lv_to_myo_intensity": "LV / MYO intensity",
        "rv_to_lv_intensity": "RV / LV intensity",
        "lv_sd_to_mean": "SD / mean in the LV",
        "myo_sd_to_mean": "SD / mean in the MYO",
        "spectrum_slope": "slope of the spectrum",
    },
)
