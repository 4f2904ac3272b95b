"""The segmenter trained on real images as a judge of the simulated ones: do they keep their labels,
and do they look real to it?"""

from pathlib import Path

import numpy as np
import pandas as pd

from ..data.images import read_image, read_labels
from ..data.labels import STRUCTURES, VENDORS
from ..data.run import RunFolder
from ..data.slices import as_shown
from ..metrics.crossed import crossed_mean
from ..metrics.overlap import dice
from ..realism.distances import change_table, distance_table
from ..realism.sensitivity import sensitivity_table
from ..realism.sets import SliceSet, described
from .encoder import encode, reduction
from .predict import predict_slices

SPACE = "segmenter"
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
    rows = []
    for row in table[table["domain"].isin(SIMULATED)].to_dict("records"):
        image, label = (
            read_image(run.path / row["image"]),
            as_shown(read_labels(run.path / row["label"])),
        )
        predicted = predict_slices(model, as_shown(image), image.spacing_mm[1::-1])
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


def judge_tables(
    model: Path | str, sets: dict[str, SliceSet]
) -> tuple[dict[str, pd.DataFrame], float]:
    """Distances of sets of slices as the segmenter sees them.

    Features are those of ``encoder.encode`` of all stages, in principal components of the real
    training slices of both vendors.

    Args:
        model: folder of the segmenter.
        sets: slices by the name of the set, as ``realism.sets.image_sets`` gives them.

    Returns:
        Tables ``distances`` and ``changes`` (columns as in chapter 5, ``features`` = segmenter) and
        ``sensitivity``, with the planted changes of chapter 5 as these features see them
        (``features`` segmenter) and as the means at the bottom of the network do (bottom); and the
        share of the variance that the components keep.
    """
    encoded = {name: encode(model, images.values, name) for name, images in sets.items()}
    references = [encoded[f"real_{vendor}"] for vendor in VENDORS]
    components = reduction(np.concatenate([part.stages for part in references]))
    at_bottom = reduction(np.concatenate([part.bottom for part in references]))
    features = {SPACE: described(sets, lambda _, name: components.apply(encoded[name].stages))}

    def all_stages(slices: np.ndarray) -> np.ndarray:
        return components.apply(encode(model, slices, "planted changes").stages)

    def bottom(slices: np.ndarray) -> np.ndarray:
        return at_bottom.apply(encode(model, slices, "planted changes").bottom)

    planted = [
        sensitivity_table(sets, extract).assign(features=space)
        for space, extract in ((SPACE, all_stages), ("bottom", bottom))
    ]
    tables = {
        "distances": distance_table(features),
        "changes": change_table(features),
        "sensitivity": pd.concat(planted, ignore_index=True),
    }
    return tables, components.explained
