"""What chapter 6 and appendices A2 and A3 tell about themselves."""

from ..data import REGIMES, Chapter, Notebook, ParameterModel
from .parameters import RealHeartsParameters, ScarcityParameters, SegmentationParameters

REPEATED = ("simulated", "randomised", "sim2real", "real", "both")
"""Regimes of appendix A3 that are trained with every seed; the combinations with the first."""
COMBINED = ("randomised+sim2real", "simulated+sim2real")
ORIGINS = ("sim2real", "best")
"""What self-training starts from: that training, and the best of the others without a label."""


def trainings_on_people(study: RealHeartsParameters) -> list[tuple[str, int]]:
    """(regime, seed) of every training of appendix A3, self-training aside."""
    combined = [(regime, study.seeds[0]) for regime in COMBINED]
    return [(regime, seed) for regime in REPEATED for seed in study.seeds] + combined


def _people_trainings(parameters: ParameterModel) -> list[dict]:
    study = parameters.real_hearts
    table = [
        {"regime": regime, "training_seed": seed} for regime, seed in trainings_on_people(study)
    ]
    return table if study.has_people else table[:1]  # one execution says that there is nothing


SEGMENTATION = Chapter(
    name="06_segmentation",
    section="segmentation",
    parameters=SegmentationParameters,
    notebooks=(
        Notebook(
            "06_plan_segmentation",
            reads=("03_real_cohort", "04_translation"),
            makes=("sim2real.segmentation.dataset",),
            cores="one",
            rule="light",
        ),
        Notebook(
            "06_train_segmentation",
            reads=("06_plan_segmentation",),
            makes=("sim2real.segmentation.training",),
            variants=lambda run: [
                {"regime": regime, "training_seed": seed}
                for regime in REGIMES
                for seed in run.segmentation.seeds
            ],
            cores="one",
            rule="train_segmentation",
        ),
        Notebook(
            "06_segmentation",
            reads=("03_real_cohort", "04_translation", "06_train_segmentation"),
            makes=("sim2real.segmentation.stage",),
        ),
        Notebook(
            "06_evidence",
            reads=("06_segmentation",),
            makes=("sim2real.segmentation.evidence",),
        ),
    ),
    once=("seeds",),
    named_in_paper=("n_epochs", "iterations_per_epoch", "batch_size", "learning_rate"),
    columns={
        "p_holm": "p (Holm)",
        "n_subjects": "subjects",
        "n_real": "real subjects",
        "n_simulated": "virtual subjects",
        "n_slices": "slices",
        "n_images": "images",
        "located": "subjects located",
        "oracle_dice": "oracle's Dice",
    },
)
SCARCITY = Chapter(
    name="A2_scarcity",
    section="scarcity",
    parameters=ScarcityParameters,
    notebooks=(
        Notebook(
            "A2_train_scarcity",
            reads=("06_segmentation",),
            makes=("sim2real.segmentation.scarcity",),
            variants=lambda run: [
                {"size": size, "training_seed": seed}
                for size in sorted(set(run.scarcity.n_real))
                for seed in run.scarcity.seeds
            ],
            cores="one",
            rule="train_segmentation",
            on_page=False,
        ),
        Notebook(
            "A2_scarcity",
            reads=("A2_train_scarcity",),
            makes=("sim2real.segmentation.scarcity",),
        ),
    ),
    once=("seeds",),
    columns={
        "p_holm": "p (Holm)",
        "n_subjects": "subjects",
        "n_seeds": "seeds",
        "n_real": "real subjects",
    },
    study=True,
)
REAL_HEARTS = Chapter(
    name="A3_real_hearts",
    section="real_hearts",
    parameters=RealHeartsParameters,
    notebooks=(
        Notebook(
            "A3_prepare_real_hearts",
            reads=("03_real_cohort", "04_translation", "06_plan_segmentation"),
            makes=("sim2real.segmentation.real_hearts",),
            rule="study",
            on_page=False,
        ),
        Notebook(
            "A3_train_real_hearts",
            reads=("A3_prepare_real_hearts",),
            makes=("sim2real.segmentation.real_hearts",),
            variants=_people_trainings,
            cores="one",
            rule="train_segmentation",
            on_page=False,
        ),
        Notebook(
            "A3_self_train_real_hearts",
            reads=("A3_train_real_hearts",),
            makes=("sim2real.segmentation.self_training",),
            variants=lambda run: [
                {"origin": origin}
                for origin in ORIGINS[: None if run.real_hearts.has_people else 1]
            ],
            cores="one",
            rule="train_segmentation",
            on_page=False,
        ),
        Notebook(
            "A3_real_hearts",
            reads=("A3_train_real_hearts", "A3_self_train_real_hearts"),
            makes=("sim2real.segmentation.answers",),
        ),
    ),
    once=("seeds",),
    # the study shows no picture, so that none of these is withheld from a book
    data={"mnms_root": ("numbers", "M&Ms"), "acdc_root": ("numbers", "ACDC")},
    columns={
        "p_holm": "p (Holm)",
        "n_subjects": "subjects",
        "n_seeds": "seeds",
        "n_empty": "empty",
        "n_cases": "cases",
        "n_slices": "slices",
        "n_kept": "slices kept",
        "n_real": "real subjects",
        "n_simulated": "virtual subjects",
        "hd_mm": "HD (mm)",
        "trained_on": "trained on",
        "tested_on": "tested on",
    },
    study=True,
)
