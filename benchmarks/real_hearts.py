"""What teaches the segmenter about people, and which of its settings matter? One factor at a time.

    python benchmarks/real_hearts.py FOLDER REGIME [name=value ...] [--fold K]

FOLDER: an M&Ms folder of real people, whose test subjects are never looked at. REGIME:
``simulated``, ``randomised`` (the phantom's maps with random contrast) or both joined by ``+``, all
scored on every training subject of FOLDER; ``real``, scored on the third of them that ``--fold``
holds out. ``name=value``: a parameter of chapter 6, or ``convolutions``, ``rotation_deg`` with
``rotated``, ``scaled``, ``elastic`` (shares of the draws), ``deep_supervision``. What is made is
kept in ``runs/real_hearts``. Prints mean Dice of LV, RV and MYO, and core-seconds of the training.
"""

import argparse
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
from sim2real.data import (
    RunFolder,
    as_shown,
    largest_pieces,
    read_image,
    read_labels,
    write_table,
)
from sim2real.metrics import dice
from sim2real.population import PopulationParameters, make_population
from sim2real.segmentation import SegmentationParameters, nnunet, predict_slices
from sim2real.segmentation import trainer as trainers
from sim2real.segmentation.dataset import prepare_dataset, read_cases
from sim2real.segmentation.training import train_cases
from sim2real.simulation import SimulationParameters, simulate_population

N_SUBJECTS, N_DRAWS = 40, 3
OURS = {
    "convolutions": nnunet.CONVOLUTIONS,
    "rotation_deg": 180.0,
    "rotated": 0.2,
    "scaled": 0.2,
    "elastic": 0.0,
    "deep_supervision": 1,
}


def prepare(run: RunFolder, people: Path) -> pd.DataFrame:
    """Chapters 1 to 3 by hand, and the images of random contrast; nnU-Net's dataset of all."""
    table_path, chapter = run.path / "slices.csv", run.path / "06_segmentation"
    if table_path.is_file():
        return pd.read_csv(table_path, keep_default_na=False, dtype={"subject": str})
    parameters = CohortParameters(mnms_root=people.resolve(), crop_centre="heart")
    make_population(run, PopulationParameters(n_subjects=N_SUBJECTS), 0)
    simulate_population(run, SimulationParameters(), 0)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", type=Path)
    parser.add_argument("regime")
    parser.add_argument("settings", nargs="*", default=[])
    parser.add_argument("--fold", type=int, default=-1)
    asked = parser.parse_args()
    given = dict(pair.split("=", 1) for pair in asked.settings)
    bend({**OURS, **{name: float(value) for name, value in given.items() if name in OURS}})
    parameters = SegmentationParameters.model_validate(
        {name: json.loads(value) for name, value in given.items() if name not in OURS}
    )
    run = RunFolder(Path("runs/real_hearts"))
    table = prepare(run, asked.people)
    cases = read_cases(run.chapter("06_segmentation"))
    people = sorted(table.loc[(table["domain"] == "real") & (table["split"] == "train"), "subject"])
    held_out = [name for k, name in enumerate(dict.fromkeys(people)) if k % 3 == asked.fold]
    held_out = held_out or list(dict.fromkeys(people))
    chosen = cases["domain"].isin(asked.regime.split("+")) & (cases["split"] == "train")
    chosen &= ~((cases["domain"] == "real") & cases["subject"].isin(held_out))
    began, model = time.process_time(), run.path / "models" / "_".join([asked.regime, *given])
    names = sorted(cases.loc[chosen, "case"])
    train_cases(run.chapter("06_segmentation"), asked.regime, names, model, 0, parameters, "cpu")
    seconds, scores = time.process_time() - began, []
    judged = table[table["subject"].isin(held_out) & (table["split"] == "train")]
    for row in judged[judged["domain"] == "real"].to_dict("records"):
        image, label = read_image(run.path / row["image"]), read_labels(run.path / row["label"])
        predicted = predict_slices(model, as_shown(image), image.spacing_mm[1::-1], "cpu")
        predicted, reference = largest_pieces(predicted), as_shown(label)
        scores.append([dice(predicted == value, reference == value) for value in (1, 3, 2)])
    lv, rv, myo = np.mean(scores, axis=0)
    print(
        f"{asked.regime} {given}: LV {lv:.3f}, RV {rv:.3f}, MYO {myo:.3f}, mean"
        f" {np.mean(scores):.3f} over {len(held_out)} people; {seconds:.0f} core-seconds"
    )


if __name__ == "__main__":
    main()
