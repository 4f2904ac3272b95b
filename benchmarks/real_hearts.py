"""What teaches the segmenter about people, and which of its settings matter? One factor at a time.

    python benchmarks/real_hearts.py FOLDER REGIME [name=value ...] [--fold K]

FOLDER: an M&Ms folder of real people, whose test subjects do not count. REGIME:
``simulated``, ``randomised`` (the phantom's maps with random contrast) or both joined by ``+``, all
scored on every training subject of FOLDER; ``real``, scored on the third of them that ``--fold``
holds out. ``name=value``: a parameter of chapter 2 or 6, or ``convolutions``, ``rotation_deg`` with
``rotated``, ``scaled``, ``elastic`` (shares of the draws), ``deep_supervision``. What is made is
kept in ``runs/real_hearts``. ``--crop field``: they are cropped about their field when scored. A
row with mean Dice and core-seconds of the training is added to ``book/real_hearts/choices.csv``.
"""

import argparse
import contextlib
import io
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform

from sim2real.cohort import (
    CohortParameters,
    prepare_randomised,
    prepare_real,
    prepare_simulated,
    read_real,
)
from sim2real.data import STRUCTURES, RunFolder, write_table
from sim2real.population import PopulationParameters, make_population
from sim2real.segmentation import PRETRAINED, SegmentationParameters, nnunet, predict_source
from sim2real.segmentation import trainer as trainers
from sim2real.segmentation.dataset import prepare_dataset, read_cases
from sim2real.segmentation.training import train_cases
from sim2real.simulation import SimulationParameters, simulate_population

N_SUBJECTS, N_DRAWS = 40, 3
DEFAULT = {"batch_size": 8, "iterations_per_epoch": 80}
TABLE = Path(__file__).resolve().parents[1] / "book" / "real_hearts" / "choices.csv"
SCANNED = SimulationParameters.model_fields.keys()
OURS = {
    "convolutions": nnunet.CONVOLUTIONS,
    "rotation_deg": 180.0,
    "rotated": 0.2,
    "scaled": 0.2,
    "elastic": 0.0,
    "deep_supervision": 1,
}


def prepare(run: RunFolder, people: Path, simulation: SimulationParameters) -> pd.DataFrame:
    """Chapters 1 to 3 by hand, and the images of random contrast; nnU-Net's dataset of all."""
    table_path, chapter = run.path / "slices.csv", run.path / "06_segmentation"
    if table_path.is_file():
        return pd.read_csv(table_path, keep_default_na=False, dtype={"subject": str})
    parameters = CohortParameters(mnms_root=people.resolve(), crop_centre="heart")
    make_population(run, PopulationParameters(n_subjects=N_SUBJECTS), 0)
    simulate_population(run, simulation, 0)
    simulated, _ = prepare_simulated(run, parameters)
    real = prepare_real(run, read_real(parameters, Path()), parameters)
    randomised = prepare_randomised(run, parameters, N_DRAWS, "03_real_cohort")
    table = pd.concat([simulated, real, randomised], ignore_index=True)
    prepare_dataset(run.path, chapter, table, ("simulated", "randomised", "real"))
    write_table(table_path, table)
    return table


def bend(settings: dict) -> None:
    """Give our trainer other settings of its network and augmentation."""
    ours = trainers.RegimeTrainer

    class Bent(ours):
        def __init__(self, plans, configuration, fold, dataset_json, device):
            super().__init__(plans, configuration, fold, dataset_json, device)
            self.enable_deep_supervision = bool(settings["deep_supervision"])

        @staticmethod
        def get_training_transforms(*arguments, **names):
            transforms = ours.get_training_transforms(*arguments, **names)
            for transform in transforms.transforms:
                if isinstance(transform, SpatialTransform):
                    angle = np.deg2rad(settings["rotation_deg"])
                    transform.rotation, transform.p_rotation = (-angle, angle), settings["rotated"]
                    transform.p_scaling = settings["scaled"]
                    transform.p_elastic_deform = settings["elastic"]
                    # greatest displacement in pixels, and its scale as a share of the patch
                    transform.elastic_deform_magnitude = (1, 7)
                    transform.elastic_deform_scale = (0.06, 0.15)
            return transforms

    nnunet.CONVOLUTIONS = int(settings["convolutions"])
    trainers.RegimeTrainer = Bent


def people_of(table: pd.DataFrame) -> list[str]:
    return sorted(set(table.query("domain == 'real' and split == 'train'")["subject"]))


def train(
    run: RunFolder, asked: argparse.Namespace, table: pd.DataFrame
) -> tuple[Path, list[str], float]:
    """Train what is asked for; the model's folder, the people held out, core-seconds."""
    given = dict(pair.split("=", 1) for pair in asked.settings)
    bend({**OURS, **{name: float(value) for name, value in given.items() if name in OURS}})
    own = {
        name: json.loads(given[name]) for name in SegmentationParameters.model_fields & given.keys()
    }
    parameters = SegmentationParameters.model_validate(DEFAULT | own)
    cases = read_cases(run.chapter("06_segmentation"))
    people = people_of(table)
    held_out = [name for k, name in enumerate(people) if k % 3 == asked.fold] or people
    chosen = cases["domain"].isin(asked.regime.split("+")) & (cases["split"] == "train")
    chosen &= ~((cases["domain"] == "real") & cases["subject"].isin(held_out))
    name = "_".join([asked.regime, str(asked.fold), *asked.settings])
    model, began = run.path / "models" / name, time.process_time()
    names = sorted(cases.loc[chosen, "case"])
    train_cases(run.chapter("06_segmentation"), asked.regime, names, model, 0, parameters, "cpu")
    return model, held_out, time.process_time() - began


def score(model: Path, people: Path, subjects: list[str], crop: str, output: Path) -> pd.Series:
    """Mean Dice of each structure over ``subjects``, segmented as ``sim2real predict`` does."""
    with contextlib.redirect_stdout(io.StringIO()):
        scores = predict_source(people, model, CohortParameters(crop_centre=crop), "", output)
    judged = scores[(scores["split"] == "train") & scores["subject"].isin(subjects)]
    return judged.groupby("structure")["dice"].mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", type=Path)
    parser.add_argument("regime")
    parser.add_argument("settings", nargs="*", default=[])
    parser.add_argument("--fold", type=int, default=-1)
    parser.add_argument("--crop", default="heart", choices=("heart", "field"))
    asked = parser.parse_args()
    given = dict(pair.split("=", 1) for pair in asked.settings)
    if unknown := given.keys() - {*OURS, *SegmentationParameters.model_fields, *SCANNED}:
        parser.error(f"no such setting: {', '.join(sorted(unknown))}")
    scanned = {name: json.loads(given[name]) for name in sorted(SCANNED & given.keys())}
    run = RunFolder(Path("runs/real_hearts") / ("_".join(map(str, scanned.items())) or "default"))
    table = prepare(run, asked.people, SimulationParameters(**scanned))
    if asked.regime == "pretrained":
        model, people, seconds = PRETRAINED, people_of(table), None
    else:
        model, people, seconds = train(run, asked, table)
    dice = score(model, asked.people, people, asked.crop, run.path / "predictions")
    row = {
        "training": asked.regime,
        "settings": " ".join(asked.settings) or "as by default",
        "crop": asked.crop,
        **{name: f"{dice[name]:.3f}" for name in STRUCTURES},
        "mean": f"{dice.mean():.3f}",
        "people": len(people),
        "core-seconds": f"{seconds:.0f}" if seconds else "",
    }
    print(row)
    TABLE.parent.mkdir(exist_ok=True)
    pd.DataFrame([row]).to_csv(TABLE, mode="a", header=not TABLE.is_file(), index=False)


if __name__ == "__main__":
    main()
