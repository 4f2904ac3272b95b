"""What chapter 3 shows and says of its cohort."""

import numpy as np
import pandas as pd

from ..data.images import read_image, read_labels
from ..data.labels import VENDORS
from ..data.run import RunFolder
from ..data.slices import as_shown
from .parameters import CohortParameters
from .prepare import measures_path
from .surrogate import CODE as SURROGATE_CODE


def phrase(parameters: CohortParameters) -> str:
    if not parameters.mnms_root:
        return "the surrogate cohort, standing in for M&Ms"
    return "the user's M&Ms and ACDC folders" if parameters.acdc_root else "the user's M&Ms folder"


def name(parameters: CohortParameters) -> str:
    """The cohort in one word, as every table and result carries it."""
    if not parameters.mnms_root:
        return "surrogate"
    return "mnms+acdc" if parameters.acdc_root else "mnms"


def subjects_table(slices: pd.DataFrame) -> pd.DataFrame:
    """Subjects by domain, vendor and split."""
    counted = (
        slices.assign(vendor=slices["vendor"].replace("", "none"))
        .groupby(["domain", "vendor", "split"])["subject"]
        .nunique()
    )
    return counted.rename("subjects").to_frame()


def example_rows(run: RunFolder, slices: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The first ED image of each domain: title to (image, label), each (slice, row, column)."""
    rows = {}
    for title, part in _domains(slices):
        row = part[part["phase"] == "ED"].iloc[0]
        rows[f"{title}, {row['subject']}"] = (
            as_shown(read_image(run.path / row["image"])),
            as_shown(read_labels(run.path / row["label"])),
        )
    return rows


def gallery(run: RunFolder, slices: pd.DataFrame, n: int = 7) -> dict[str, np.ndarray]:
    """A middle slice of the first ``n`` training subjects of each domain, ED and ES in turn: title
    to (n, row, column)."""
    images = {}
    for title, part in _domains(slices):
        part = part[part["split"] == "train"]
        chosen = [
            part[(part["subject"] == name)].iloc[k % 2]
            for k, name in enumerate(part["subject"].unique()[:n])
        ]
        if chosen:
            stacks = [as_shown(read_image(run.path / row["image"])) for row in chosen]
            images[title] = np.stack([stack[len(stack) // 2] for stack in stacks])
    return images


def measures(run: RunFolder, slices: pd.DataFrame) -> pd.DataFrame:
    """Measures of every slice before its normalisation, as chapter 3 wrote them beside the images;
    a row a slice."""
    word = "surrogate" if _is_surrogate(slices) else "real"
    parts = [
        pd.read_csv(run.path / measures_path(row.image)).assign(
            domain=word if row.domain == "real" else row.domain,
            vendor=row.vendor,
            subject=row.subject,
            phase=row.phase,
        )
        for row in slices.itertuples()
    ]
    return pd.concat(parts, ignore_index=True)


def medians(table: pd.DataFrame) -> pd.DataFrame:
    """``spans.against_real`` as a page shows it: a row a measure, a column a domain and phase; what
    lies outside is marked."""
    shown = table.assign(
        shown=table["median"].map("{:.2f}".format)
        + table["inside"].map({"yes": "", "no": " (outside)", "excused": ""})
    )
    order = list(dict.fromkeys(table["measure"]))
    return shown.pivot(index="measure", columns=["domain", "phase"], values="shown").loc[order]


def results(
    slices: pd.DataFrame, table: pd.DataFrame, n_left_out: int, parameters: CohortParameters
) -> dict:
    """Numbers the prose of chapters 3 to 7 quotes of the cohort; table: that of
    ``spans.against_real``."""
    values = {
        "cohort": name(parameters),
        "n_left_out": n_left_out,
        "cohort_phrase": phrase(parameters),
        "pixel_size_mm": parameters.pixel_size_mm,
        "grid_pixels": parameters.grid_pixels,
        "n_simulated": slices.loc[slices["domain"] == "simulated", "subject"].nunique(),
    }
    for vendor in VENDORS:
        for split in ("train", "test"):
            rows = slices[
                (slices["domain"] == "real")
                & (slices["vendor"] == vendor)
                & (slices["split"] == split)
            ]
            values[f"n_{split}_{vendor}"] = rows["subject"].nunique()
    asked = table[table["inside"] != "excused"]
    values |= {"n_medians": len(asked), "n_medians_inside": int((asked["inside"] == "yes").sum())}
    intensity = table[table["measure"] == "lv_to_myo_intensity"]
    for row in intensity.itertuples():
        values[
            f"lv_to_myo_{row.domain.replace('surrogate', 'real').replace(' ', '_')}_{row.phase}"
        ] = row.median
    return values


def _domains(slices: pd.DataFrame):
    """(title, rows) of each domain; a surrogate is titled as one."""
    word = "surrogate" if _is_surrogate(slices) else "real"
    for key, title in {
        "simulated": "simulated",
        **{vendor: f"{word} {vendor} ({name})" for vendor, name in VENDORS.items()},
    }.items():
        part = (
            slices[slices["domain"] == "simulated"]
            if key == "simulated"
            else slices[(slices["domain"] == "real") & (slices["vendor"] == key)]
        )
        if len(part):
            yield title, part


def _is_surrogate(slices: pd.DataFrame) -> bool:
    return bool(
        slices.loc[slices["domain"] == "real", "subject"].str.startswith(SURROGATE_CODE).all()
    )
