"""What chapter 6 and appendix A2 tell about themselves."""

from ..data import REGIMES, Chapter, Notebook, ParameterModel
from .parameters import ScarcityParameters, SegmentationParameters


def _trainings(parameters: ParameterModel) -> list[dict]:
    seeds = parameters.segmentation.seeds
    return [{"regime": regime, "training_seed": seed} for regime in REGIMES for seed in seeds]


def _small_trainings(parameters: ParameterModel) -> list[dict]:
    sizes, seeds = sorted(set(parameters.scarcity.n_real)), parameters.scarcity.seeds
    return [{"size": size, "training_seed": seed} for size in sizes for seed in seeds]


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
            variants=_trainings,
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
            variants=_small_trainings,
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
    columns={
        "p_holm": "p (Holm)",
        "n_subjects": "subjects",
        "n_seeds": "seeds",
        "n_real": "real subjects",
    },
    study=True,
)
