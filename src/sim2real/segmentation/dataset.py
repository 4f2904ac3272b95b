"""One nnU-Net dataset for all regimes: every training slice a case of its own, planned and
preprocessed once.

A regime is a list of case names, as a fold is in nnU-Net's own splits file. So plans, patch, batch
and normalisation are the same for all rows of Table 1 by construction.
"""

import importlib.metadata
import multiprocessing.dummy
import os
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from ..data import (
    REGIMES,
    SLICE_COLUMNS,
    Image,
    Sim2RealError,
    fingerprint_of,
    progress,
    read_image,
    read_json,
    read_labels,
    refuse,
    sha256,
    write_image,
    write_json,
    write_table,
)
from .nnunet import CONFIGURATION, DATASET, DATASET_ID, nnunet_surroundings
from .regimes import count_subjects, refuse_shared_subjects, regime_rows

# One row a slice; regimes: the names, with blanks between, of the regimes that train on it.
CASE_COLUMNS = ["case", *SLICE_COLUMNS, "slice", "regimes"]
ENDING = ".nii.gz"


def regime_cases(cases: pd.DataFrame, regime: str) -> list[str]:
    """Names of the cases (slices) of ``prepare_dataset``'s table that ``regime`` trains on,
    sorted."""
    chosen = [regime in regimes.split() for regimes in cases["regimes"]]
    refuse(
        not any(chosen),
        f"regime '{regime}': no slice prepared for it; call prepare_dataset with it among:"
        f" {', '.join(REGIMES)}",
    )
    return sorted(cases.loc[chosen, "case"])


def regimes_table(
    table: pd.DataFrame, cases: pd.DataFrame, regimes: tuple[str, ...] = REGIMES
) -> pd.DataFrame:
    """Subjects and slices of each regime; cases: of ``prepare_dataset``."""
    rows = [
        {
            "training": regime,
            **count_subjects(table, regime),
            "n_slices": len(regime_cases(cases, regime)),
        }
        for regime in regimes
    ]
    return pd.DataFrame(rows).set_index("training")


def prepare_dataset(
    run: Path | str,
    folder: Path | str,
    table: pd.DataFrame,
    regimes: tuple[str, ...] = REGIMES,
) -> pd.DataFrame:
    """Make ``folder/nnunet`` from the images of ``table`` that ``regimes`` train on; the table of
    cases (``CASE_COLUMNS``).

    run: folder that the paths in ``table`` start from. folder: the chapter's folder.
    A second call with the same images does nothing; other images replace the dataset. It is made
    under another name and renamed when whole. Raises Sim2RealError if a test subject, or the same
    picture under another name, would be trained on.
    """
    run, target = Path(run), Path(folder) / "nnunet"
    refuse_shared_subjects(table)
    images = pd.concat([regime_rows(table, regime).assign(regimes=regime) for regime in regimes])
    images = images.groupby("image", sort=True, as_index=False).agg(
        {**dict.fromkeys(images.columns, "first"), "regimes": " ".join}
    )
    content = {path: sha256(run / path) for path in [*images["image"], *images["label"]]}
    _refuse_test_pictures(run, table, {content[path]: path for path in images["image"]})
    fingerprint = _fingerprint(images, content)
    if not is_prepared(folder, fingerprint):
        making = target.with_name(f".{os.getpid()}.nnunet")
        shutil.rmtree(making, ignore_errors=True)
        try:
            _make(run, making, images)
            write_json(
                making / "prepared.json",
                {"fingerprint": fingerprint, "nnunetv2": importlib.metadata.version("nnunetv2")},
            )
            if not is_prepared(folder, fingerprint):  # another process may have been quicker
                shutil.rmtree(target, ignore_errors=True)
                os.replace(making, target)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return read_cases(folder)


def is_prepared(folder: Path | str, fingerprint: str | None = None) -> bool:
    """Is there a whole dataset in ``folder`` (made from just these images, if a fingerprint is
    given)?"""
    path = Path(folder) / "nnunet" / "prepared.json"
    return path.is_file() and fingerprint in (None, read_json(path)["fingerprint"])


def read_cases(folder: Path | str) -> pd.DataFrame:
    """The table that ``prepare_dataset`` gave."""
    refuse(
        not is_prepared(folder),
        f"{Path(folder) / 'nnunet'}: no training data prepared; call prepare_dataset (chapter"
        " 6) first",
    )
    # as text: a subject "007" read as the number 7 would be another subject
    return pd.read_csv(
        Path(folder) / "nnunet" / "cases.csv",
        dtype={"subject": str, "vendor": str},
        keep_default_na=False,
    )


def read_plans(folder: Path | str) -> tuple[dict, dict, str]:
    """nnU-Net's plans, its dataset description, and the fingerprint of the images they were made
    from.

    Raises Sim2RealError if nothing is prepared, or another version of nnU-Net prepared it.
    """
    read_cases(folder)
    preprocessed = Path(folder) / "nnunet" / "preprocessed" / DATASET
    names = (
        preprocessed / "nnUNetPlans.json",
        preprocessed / "dataset.json",
        Path(folder) / "nnunet" / "prepared.json",
    )
    plans, description, prepared = (read_json(path) for path in names)
    here = importlib.metadata.version("nnunetv2")
    refuse(
        prepared.get("nnunetv2", here) != here,
        f"{names[2]}: prepared with nnU-Net {prepared.get('nnunetv2')}, but {here} is installed;"
        " delete the folder nnunet and prepare it again",
    )
    return plans, description, prepared["fingerprint"]


def _make(run: Path, making: Path, images: pd.DataFrame) -> None:
    raw = making / "raw" / DATASET
    cases = []
    for row in progress(list(images.to_dict("records")), name="Slices for nnU-Net", unit="image"):
        cases += _write_slices(run, raw, row)
    cases = pd.DataFrame(cases)[CASE_COLUMNS]
    if twice := cases["case"][cases["case"].duplicated()].tolist():
        raise Sim2RealError(
            f"case {twice[0]} occurs twice; subject names must differ within a domain, not only in"
            " their signs"
        )
    description = {
        "channel_names": {"0": "cineMRI"},
        "labels": {"background": 0, "LV": 1, "MYO": 2, "RV": 3},
        "numTraining": len(cases),
        "file_ending": ENDING,
        "overwrite_image_reader_writer": "NibabelIO",
    }
    write_json(raw / "dataset.json", description)
    write_table(making / "cases.csv", cases)
    with nnunet_surroundings(making, augmentation_processes=1):
        _plan_and_preprocess(making, cases["case"].tolist())


def _write_slices(run: Path, raw: Path, row: dict) -> list[dict]:
    """Each slice as a NIfTI of shape (x, y, 1): a singleton last axis keeps the true spacing."""
    image, label = read_image(run / row["image"]), read_labels(run / row["label"])
    refuse(
        image.data.shape != label.data.shape,
        f"{row['label']}: shape {label.data.shape} is not the image's {image.data.shape}; make"
        " both anew",
    )
    refuse(
        label.data.max() > 3,
        f"{row['label']}: holds label {label.data.max()}; expected 0 to 3 (background, LV,"
        " MYO, RV)",
    )
    vendor = row["vendor"] if isinstance(row["vendor"], str) and row["vendor"] else "none"
    cases = []
    for index in range(image.data.shape[2]):
        subject = "".join(
            sign if sign.isalnum() or sign == "-" else "-" for sign in str(row["subject"])
        )
        case = f"{row['domain']}_{vendor}_{subject}_{row['phase']}_{index}"
        affine = image.affine.copy()
        affine[:3, 3] += index * image.affine[:3, 2]
        write_image(
            raw / "imagesTr" / f"{case}_0000{ENDING}",
            Image(image.data[..., index : index + 1], affine),
        )
        write_image(
            raw / "labelsTr" / f"{case}{ENDING}",
            Image(label.data[..., index : index + 1].astype(np.uint8), affine),
        )
        cases.append({**row, "case": case, "slice": index})
    return cases


def _plan_and_preprocess(making: Path, cases: list[str]) -> None:
    """nnU-Net's fingerprint, planner and preprocessor; the last without its pool of processes,
    whose start takes longest."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (
        extract_fingerprint_dataset,
        plan_experiment_dataset,
    )
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    # in a thread: a process of its own would import all of nnU-Net again
    with mock.patch("multiprocessing.get_context", return_value=multiprocessing.dummy):
        extract_fingerprint_dataset(
            DATASET_ID, num_processes=1, verbose=False, show_progress_bar=False
        )
    plan_experiment_dataset(DATASET_ID)
    raw, preprocessed = making / "raw" / DATASET, making / "preprocessed" / DATASET
    plans = PlansManager(str(preprocessed / "nnUNetPlans.json"))
    configuration = plans.get_configuration(CONFIGURATION)
    output = preprocessed / configuration.data_identifier
    output.mkdir(parents=True, exist_ok=True)
    description = read_json(raw / "dataset.json")
    for case in progress(cases, name="Preprocessing", unit="slice"):
        files = (
            [str(raw / "imagesTr" / f"{case}_0000{ENDING}")],
            str(raw / "labelsTr" / f"{case}{ENDING}"),
        )
        DefaultPreprocessor(verbose=False).run_case_save(
            str(output / case), *files, plans, configuration, description
        )


def _fingerprint(images: pd.DataFrame, content: dict[str, str]) -> str:
    columns = [*SLICE_COLUMNS, "regimes"]
    rows = [
        [str(row[name]) for name in columns] + [content[row["image"]], content[row["label"]]]
        for row in images.to_dict("records")
    ]
    return fingerprint_of(importlib.metadata.version("nnunetv2"), rows)


def _refuse_test_pictures(run: Path, table: pd.DataFrame, trained: dict[str, str]) -> None:
    """A test picture copied under a training subject's name is caught by its bytes."""
    for path in table.loc[(table["domain"] == "real") & (table["split"] == "test"), "image"]:
        same = trained.get(sha256(run / path))
        refuse(
            same,
            f"{same}: the same picture as the test image {path}; no test subject may be trained"
            " on, mend the splits",
        )
