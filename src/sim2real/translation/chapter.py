"""What chapter 4 and appendix A1 tell about themselves."""

from ..data import Chapter, Notebook
from .parameters import TranslationParameters, TranslatorsParameters

TRANSLATION = Chapter(
    name="04_translation",
    section="translation",
    parameters=TranslationParameters,
    notebooks=(
        Notebook(
            "04_train_translation",
            reads=("03_real_cohort",),
            makes=("sim2real.translation.training", "sim2real.translation.watch"),
            variants=lambda run: [{"vendor": vendor} for vendor in run.cohort.vendors],
            cores="one",
            rule="train_translation",
        ),
        Notebook(
            "04_translation",
            reads=("03_real_cohort", "04_train_translation"),
            makes=("sim2real.translation.stage",),
        ),
    ),
    named_in_paper=("n_steps", "batch_size", "residual_blocks", "n_patches", "temperature"),
    at_most=(("decay_steps", "n_steps"),),
    front=("fig1",),
)
TRANSLATORS = Chapter(
    name="A1_translators",
    section="translators",
    parameters=TranslatorsParameters,
    notebooks=(
        Notebook(
            "A1_translators",
            reads=("04_translation",),
            makes=("sim2real.translation.translators",),
            rule="study",
        ),
    ),
    columns={
        "corrected": "less its bias",
        "kept_median": "borders kept, median",
        "kept_lowest": "lowest",
        "kept_below": "share below",
    },
    study=True,
)
