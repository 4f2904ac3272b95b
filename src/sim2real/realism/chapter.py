"""What chapter 5 tells about itself."""

from ..data import Chapter, Notebook
from .parameters import RealismParameters

REALISM = Chapter(
    name="05_realism",
    section="realism",
    parameters=RealismParameters,
    notebooks=(
        Notebook(
            "05_realism",
            reads=("03_real_cohort", "04_translation"),
            makes=("sim2real.realism.stage",),
            cores="one",
            rule="light",
        ),
    ),
    front=("fig3",),
    columns={
        "than": "compared with",
        "remaining": "left of the distance",
        "corrected": "less its bias",
        "n_images": "images",
        "n_reference": "reference images",
    },
)
