"""What chapter 3 shows and says of its cohort."""

from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pandas as pd

from ..data import PHASES, VENDORS, Image, RunFolder, as_shown, read_image, read_labels
from ..metrics import SLICE_MEASURES
from .chapter import COHORT
from .parameters import CohortParameters
from .stage import measures_path
from .surrogate import CODE as SURROGATE_CODE

REAL = pd.read_csv(files("sim2real.cohort").joinpath("real_slices.csv"))
"""The measures of real mid-ventricular slices, with their sources."""
EXCUSED = ("lv_sd_to_mean", "myo_sd_to_mean", "spectrum_slope")
"""Measures of texture and sharpness, which simulated slices are not asked to meet: they are what
translation is for."""


def phrase(parameters: CohortParameters) -> str:
    """The cohort in the words of the text."""
    return {
        "surrogate": "the surrogate cohort, standing in for M&Ms",
        "mnms": "the user's M&Ms folder",
        "acdc": "the user's ACDC folder",
        "mnms+acdc": "the user's M&Ms and ACDC folders",
    }[name(parameters)]


def name(parameters: CohortParameters) -> str:
    """The cohort in one word, as every table and result carries it."""
    roots = {"mnms": parameters.mnms_root, "acdc": parameters.acdc_root}
    return "+".join(folder for folder, root in roots.items() if root) or "surrogate"


def subjects_table(slices: pd.DataFrame) -> pd.DataFrame:
    """Subjects by domain, vendor and split."""
    slices = slices.replace({"vendor": {"": "none"}})
    counts = slices.groupby(["domain", "vendor", "split"])["subject"].nunique()
    return counts.rename("subjects").to_frame()


def example_rows(run: RunFolder, slices: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The first ED image of each domain: title to (image, label), each (slice, row, column)."""
    firsts = [(title, part[part["phase"] == "ED"].iloc[0]) for title, part in _domains(slices)]
    return {
        f"{title}, {row['subject']}": (
            as_shown(read_image(run.path / row["image"])),
            as_shown(read_labels(run.path / row["label"])),
        )
        for title, row in firsts
    }


def gallery(run: RunFolder, slices: pd.DataFrame, n: int = 7) -> dict[str, np.ndarray]:
    """A middle slice of the first ``n`` training subjects of each domain, ED and ES in turn: title
    to (n, row, column)."""
    images = {}
    for title, part in _domains(slices[slices["split"] == "train"]):
        of_subject = [rows["image"] for _, rows in part.groupby("subject", sort=False)][:n]
        paths = [rows.iloc[k % 2] for k, rows in enumerate(of_subject)]
        stacks = [as_shown(read_image(run.path / path)) for path in paths]
        images[title] = np.stack([stack[len(stack) // 2] for stack in stacks])
    return images


def measures(run: RunFolder, slices: pd.DataFrame) -> pd.DataFrame:
    """Measures of every slice before its normalisation, as chapter 3 wrote them beside the images;
    a row a slice."""
    slices = slices.replace({"domain": {"real": _word(slices)}})
    columns = ["domain", "vendor", "subject", "phase"]
    parts = [
        pd.read_csv(run.path / measures_path(row["image"])).assign(**row[columns])
        for _, row in slices.iterrows()
    ]
    return pd.concat(parts, ignore_index=True)


def span(measure: str, phase: str, vendor: str = "") -> tuple[float, float]:
    """The range over set C and the M&Ms cases of ``vendor`` (none named: of both)."""
    of_sets = REAL[REAL["set"].isin(["C", *(vendor or "AB")])]
    rows = of_sets[(of_sets["measure"] == measure) & (of_sets["phase"] == phase)]
    return float(rows["low"].min()), float(rows["high"].max())


def against_real(measured: pd.DataFrame) -> pd.DataFrame:
    """Medians over slices beside the span of real ones.

    Simulated slices, which have no vendor, are held against all real ones.

    Args:
        measured: a row a slice, with ``domain, vendor, phase`` and the columns of
            ``SLICE_MEASURES``.

    Returns:
        ``domain, phase, measure, median, low, high, inside``.
    """
    rows = []
    groups = measured.fillna({"vendor": ""}).groupby(["domain", "vendor"], sort=False)
    for (domain, vendor), part in groups:
        medians = part.groupby("phase")[list(SLICE_MEASURES)].median()
        for phase in PHASES:
            for measure, median in medians.loc[phase].items():
                low, high = span(measure, phase, vendor)
                inside = "yes" if low <= median <= high else "no"
                if domain == "simulated" and measure in EXCUSED:
                    inside = "excused"
                title = f"{domain} {vendor}".strip()
                rows.append((title, phase, measure, round(median, 3), low, high, inside))
    columns = ["domain", "phase", "measure", "median", "low", "high", "inside"]
    return pd.DataFrame(rows, columns=columns)


def medians(table: pd.DataFrame) -> pd.DataFrame:
    """``against_real`` as a page shows it: a row a measure, a column a domain and phase; what lies
    outside is marked."""
    mark = table["inside"].map({"yes": "", "no": " (outside)", "excused": ""})
    shown = table.assign(shown=table["median"].map("{:.2f}".format) + mark)
    order = table["measure"].unique()
    return shown.pivot(index="measure", columns=["domain", "phase"], values="shown").loc[order]


def located(run: RunFolder, slices: pd.DataFrame) -> dict:
    """How the hearts of test images were found, against what their labels would have said.

    Returns:
        ``n_found``, subjects; where there are any, ``found_off_mm`` and ``found_off_most_mm``, the
        median and the largest distance of the crop's middle from the labels', and
        ``n_turned_otherwise``.
    """
    again = run.manifest(COHORT.name, "relocated.csv").query("domain == 'oracle' and phase == 'ED'")
    values: dict = {"n_found": len(again)}
    if again.empty:
        return values
    test = slices.query("domain == 'real' and phase == 'ED'").set_index("subject")["image"]
    pairs = [
        (read_image(run.path / test[row.subject]), read_image(run.path / row.image))
        for row in again.itertuples()
    ]
    off = [np.linalg.norm(_middle_of(found) - _middle_of(told)) for found, told in pairs]
    otherwise = [not np.allclose(a.affine[:3, :3], b.affine[:3, :3]) for a, b in pairs]
    return values | {
        "found_off_mm": float(np.median(off)),
        "found_off_most_mm": float(max(off)),
        "n_turned_otherwise": sum(otherwise),
    }


def _middle_of(image: Image) -> np.ndarray:
    """World position of the middle of an image, mm."""
    return image.affine[:3] @ [*(np.array(image.data.shape) - 1) / 2, 1]


def results(
    slices: pd.DataFrame,
    table: pd.DataFrame,
    n_left_out: int,
    parameters: CohortParameters,
) -> dict:
    """Numbers the prose of chapters 3 to 7 quotes of the cohort; table: that of
    ``against_real``."""
    subjects = slices.drop_duplicates(["domain", "vendor", "split", "subject"])
    real = subjects[subjects["domain"] == "real"]
    groups = list(zip(real["split"], real["vendor"], strict=True))
    asked = table[table["inside"] != "excused"]
    contrast = table[table["measure"] == "lv_to_myo_intensity"]
    domains = contrast["domain"].str.replace("surrogate", "real").str.replace(" ", "_")
    names = "lv_to_myo_" + domains + "_" + contrast["phase"]
    return {
        "cohort": name(parameters),
        "n_left_out": n_left_out,
        "cohort_phrase": phrase(parameters),
        "pixel_size_mm": parameters.pixel_size_mm,
        "grid_pixels": parameters.grid_pixels,
        "n_simulated": int((subjects["domain"] == "simulated").sum()),
        **{f"n_{s}_{v}": groups.count((s, v)) for v in VENDORS for s in ("train", "test")},
        "n_medians": len(asked),
        "n_medians_inside": int((asked["inside"] == "yes").sum()),
        **dict(zip(names, contrast["median"], strict=True)),
    }


def _domains(slices: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """(title, rows) of each domain; a surrogate is titled as one."""
    titles = {("simulated", ""): "simulated"}
    titles |= {("real", v): f"{_word(slices)} {v} ({name})" for v, name in VENDORS.items()}
    for (domain, vendor), title in titles.items():
        part = slices[(slices["domain"] == domain) & (slices["vendor"].fillna("") == vendor)]
        if len(part):
            yield title, part


def _word(slices: pd.DataFrame) -> str:
    """What a real image is called: a surrogate is named as one."""
    codes = slices.loc[slices["domain"] == "real", "subject"]
    return "surrogate" if codes.str.startswith(SURROGATE_CODE).all() else "real"
