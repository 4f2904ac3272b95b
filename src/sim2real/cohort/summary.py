"""What chapter 3 shows and says of its cohort."""

import numpy as np
import pandas as pd

from ..core.images import read_image, read_labels
from ..core.labels import PHASES, VENDORS
from ..core.parameters import CohortParameters
from ..core.run import RunFolder
from ..core.slices import as_shown, load_slices
from ..metrics.measures import slice_measures
from .surrogate import CODE as SURROGATE_CODE


def phrase(parameters: CohortParameters) -> str:
    return "the user's M&Ms folder" if parameters.mnms_root else "the surrogate cohort, standing in for M&Ms"


def subjects_table(slices: pd.DataFrame) -> pd.DataFrame:
    """Subjects by domain, vendor and split."""
    counted = slices.assign(vendor=slices["vendor"].replace("", "none")).groupby(["domain", "vendor", "split"])["subject"].nunique()
    return counted.rename("subjects").to_frame()


def example_rows(run: RunFolder, slices: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The first ED image of each domain: title to (image, label), each (slice, row, column)."""
    rows = {}
    for title, part in _domains(slices):
        row = part[part["phase"] == "ED"].iloc[0]
        rows[f"{title}, {row['subject']}"] = (as_shown(read_image(run.path / row["image"])), as_shown(read_labels(run.path / row["label"])))
    return rows


def gallery(run: RunFolder, slices: pd.DataFrame, n: int = 7) -> dict[str, np.ndarray]:
    """A middle slice of the first ``n`` training subjects of each domain, ED and ES in turn: title to (n, row, column)."""
    images = {}
    for title, part in _domains(slices):
        part = part[part["split"] == "train"]
        chosen = [part[(part["subject"] == name)].iloc[k % 2] for k, name in enumerate(part["subject"].unique()[:n])]
        if chosen:
            stacks = [as_shown(read_image(run.path / row["image"])) for row in chosen]
            images[title] = np.stack([stack[len(stack) // 2] for stack in stacks])
    return images


def measures(run: RunFolder, slices: pd.DataFrame) -> pd.DataFrame:
    """Median measures of the slices' shape and contrast, a row a measure, a column a domain and phase (normalised intensities)."""
    columns = {}
    for title, part in _domains(slices):
        for phase, rows in part.groupby("phase"):
            pixel = read_image(run.path / rows["image"].iloc[0]).spacing_mm[0]
            pairs = zip(load_slices(run.path, rows), load_slices(run.path, rows, "label"), strict=True)
            columns[title, phase] = pd.DataFrame([slice_measures(image, label, pixel) for image, label in pairs]).median()
    return pd.DataFrame(columns).round(2)


def results(slices: pd.DataFrame, measured: pd.DataFrame, parameters: CohortParameters) -> dict:
    """Numbers the prose of chapters 3 to 7 quotes of the cohort."""
    values = {"cohort": "mnms" if parameters.mnms_root else "surrogate", "cohort_phrase": phrase(parameters),
              "pixel_size_mm": parameters.pixel_size_mm, "grid_pixels": parameters.grid_pixels,
              "n_simulated": slices.loc[slices["domain"] == "simulated", "subject"].nunique()}  # fmt: skip
    for vendor in VENDORS:
        for split in ("train", "test"):
            rows = slices[(slices["domain"] == "real") & (slices["vendor"] == vendor) & (slices["split"] == split)]
            values[f"n_{split}_{vendor}"] = rows["subject"].nunique()
    for title, part in _domains(slices):
        key = "simulated" if title == "simulated" else f"real_{part['vendor'].iloc[0]}"
        for phase in PHASES:
            values[f"lv_to_myo_{key}_{phase}"] = float(measured.loc["lv_to_myo_intensity", (title, phase)])
    return values


def _domains(slices: pd.DataFrame):
    """(title, rows) of each domain; a surrogate is titled as one."""
    subjects = slices.loc[slices["domain"] == "real", "subject"]
    word = "surrogate" if subjects.str.startswith(SURROGATE_CODE).all() else "real"
    for key, title in {"simulated": "simulated", **{vendor: f"{word} {vendor} ({name})" for vendor, name in VENDORS.items()}}.items():
        part = (
            slices[slices["domain"] == "simulated"]
            if key == "simulated"
            else slices[(slices["domain"] == "real") & (slices["vendor"] == key)]
        )
        if len(part):
            yield title, part
