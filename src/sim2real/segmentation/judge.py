"""The segmenter trained on real images as a judge of the simulated ones: do they keep their
labels?"""

from pathlib import Path

import pandas as pd

from ..data import STRUCTURES, VENDORS, RunFolder, as_shown, read_labels
from ..metrics import crossed_mean, dice
from .evaluate import predict_images

KEEPS_COLUMNS = [
    "images",
    "structure",
    "dice",
    "ci_low",
    "ci_high",
    "change",
    "change_low",
    "change_high",
    "n_subjects",
    "n_images",
]
SIMULATED = ("simulated", *(f"sim2real_{vendor}" for vendor in VENDORS))


def label_cases(run: RunFolder, table: pd.DataFrame, model: Path | str) -> pd.DataFrame:
    """``images, subject, phase, structure, dice``: the judge's labels of every simulated and
    translated image against the simulation's.

    table: images as in ``SLICE_COLUMNS``. model: folder of the segmenter trained on real images.
    Dice in 3D, as in Table 1.
    """
    images, rows = table[table["domain"].isin(SIMULATED)].to_dict("records"), []
    predictions = predict_images(run.path, images, model)
    for row, predicted in zip(images, predictions, strict=True):
        label = as_shown(read_labels(run.path / row["label"]))
        names = {"images": row["domain"], "subject": str(row["subject"]), "phase": row["phase"]}
        rows += [
            {**names, "structure": name, "dice": dice(predicted == value, label == value)}
            for name, value in STRUCTURES.items()
        ]
    return pd.DataFrame(rows)


def keeps_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Mean Dice of ``label_cases`` by set and structure and of all, with 95 % intervals over
    subjects: ``KEEPS_COLUMNS``.

    ``change``: less the same subjects' untranslated images, paired. Fewer than five subjects: no
    interval.
    """
    rows = []
    for images in SIMULATED:
        for structure in (*STRUCTURES, "all"):
            part = cases[cases["structure"].eq(structure) | (structure == "all")]
            by_subject = {
                name: part[part["images"] == name].groupby("subject")["dice"].mean()
                for name in ("simulated", images)
            }
            if by_subject[images].empty:
                continue
            dices = by_subject[images]
            mean = crossed_mean(dices.to_numpy()[:, None])
            change = crossed_mean((dices - by_subject["simulated"]).dropna().to_numpy()[:, None])
            n_images = len(part[part["images"] == images][["subject", "phase"]].drop_duplicates())
            rows.append((images, structure, *mean[:3], *change[:3], mean.n_subjects, n_images))
    return pd.DataFrame(rows, columns=KEEPS_COLUMNS)
