"""What the labels of test images would have given, had they told where the hearts are: an oracle,
beside Table 1, whose test images are located without them."""

from pathlib import Path

import pandas as pd

from ..data import RunFolder
from ..metrics import paired_difference
from .evaluate import predict_tests, score_cases
from .intervals import by_subject

ORACLE_COLUMNS = ["training", "located", "dice", "oracle_dice", "gain", "ci_low", "ci_high"]


def oracle_table(
    run: RunFolder, relocated: pd.DataFrame, cases: pd.DataFrame, models: dict[str, dict[int, Path]]
) -> pd.DataFrame:
    """Mean Dice of each training on the test images whose hearts had to be found, as they were
    found, and with their labels' help.

    Args:
        run: whose folder the paths in ``relocated`` start from.
        relocated: rows of ``cohort.RELOCATED``; of them the domain ``oracle``.
        cases: as ``cases.csv``, of the images located without labels.
        models: of each training the folder by seed.

    Returns:
        ``ORACLE_COLUMNS``, a row a training: ``located`` is the number of subjects, ``gain`` the
        oracle's Dice less the other on the same subjects, with its 95 % interval. Empty where no
        heart had to be found.
    """
    images = relocated[relocated["domain"] == "oracle"].assign(domain="real")
    rows = []
    for training, folders in models.items() if len(images) else ():
        scores = pd.DataFrame(
            [
                {"seed": seed, **score}
                for seed, model in folders.items()
                for score in score_cases(run.path, images, predict_tests(run.path, images, model))
            ]
        )
        told = by_subject(scores, "dice")
        found = by_subject(cases[cases["training"] == training], "dice").loc[told.index]
        gain = paired_difference(told, found)
        means = (float(values.to_numpy().mean()) for values in (found, told))
        rows.append((training, len(told), *means, gain.value, gain.low, gain.high))
    return pd.DataFrame(rows, columns=ORACLE_COLUMNS)
