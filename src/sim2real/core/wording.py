"""Tables as a page shows them: names that a reader knows in the place of the files', an interval in one column."""

from functools import partial

import numpy as np
import pandas as pd

INTERVALS = {
    ("ci_low", "ci_high"): "95 % interval",
    ("change_low", "change_high"): "95 % interval of the change",
    ("limit_low", "limit_high"): "limits of agreement",
}
"""Pairs of columns that become one, and its name; to the right of the value they belong to."""
NAMES = {
    "sd": "SD", "p_holm": "p (Holm)", "than": "compared with", "kid": "kernel distance", "corrected": "less its bias",
    "M": "men", "F": "women", "n": "subjects", "met": "meet it",
    "n_subjects": "subjects", "n_seeds": "seeds", "n_images": "images", "n_reference": "reference images", "n_missing": "missed",
    "n_real": "real subjects", "n_simulated": "virtual subjects", "n_slices": "slices",
    "lv_edv_ml": "LV EDV (ml)", "lv_esv_ml": "LV ESV (ml)", "lv_ef_percent": "LV EF (%)", "lv_mass_g": "LV mass (g)",
    "rv_edv_ml": "RV EDV (ml)", "rv_esv_ml": "RV ESV (ml)", "wall_mm": "wall at ED (mm)", "torsion_deg_per_cm": "torsion (°/cm)",
    "LV_ED_ml": "LV at ED (ml)", "LV_ES_ml": "LV at ES (ml)", "LV_EF_percent": "LV EF (%)", "MYO_mass_g": "MYO mass (g)",
    "RV_ED_ml": "RV at ED (ml)", "RV_ES_ml": "RV at ES (ml)", "RV_EF_percent": "RV EF (%)",
    "repetition_time_ms": "TR (ms)", "short_tr_angle_deg": "limit of a short TR (°)",
    "wall_to_lv_radius": "wall / LV radius", "rv_to_lv_area": "RV / LV area", "septum_angle_deg": "angle of the septum (°)",
    "lv_minor_to_major": "LV minor / major axis", "rv_minor_to_major": "RV minor / major axis",
    "rv_offset_to_epicardial_radius": "RV offset / epicardial radius", "heart_to_lv_area": "heart / LV area",
    "lv_to_myo_intensity": "LV / MYO intensity", "rv_to_lv_intensity": "RV / LV intensity", "lv_sd_to_mean": "SD / mean in the LV",
    "myo_sd_to_mean": "SD / mean in the MYO", "spectrum_slope": "slope of the spectrum",
    "kept_median": "borders kept, median", "kept_lowest": "lowest", "kept_below": "share below",
}  # fmt: skip


def in_words(name: object, known: dict[str, str] = NAMES) -> object:
    """A column's name or an entry of an index as a page shows it; what is no text stays."""
    return known.get(name, name.replace("_", " ")) if isinstance(name, str) else name


def readable(frame: pd.DataFrame, digits: int | None = None, **names: str) -> pd.DataFrame:
    """``frame`` for a page: columns, index and the texts in the index by ``NAMES`` and ``names``, else with blanks for underscores.

    digits: decimals to round to. Pairs of ``INTERVALS`` become one column, "low to high". Rows that are merely numbered are
    named by their first column.
    """
    spoken = partial(in_words, known=NAMES | names)
    shown = frame.copy() if digits is None else frame.round(digits)
    for (low, high), name in INTERVALS.items():
        if low in shown and high in shown:
            shown.insert(shown.columns.get_loc(low), name, [_between(*pair, digits) for pair in zip(frame[low], frame[high], strict=True)])
            shown = shown.drop(columns=[low, high])
    if isinstance(shown.index, pd.RangeIndex):
        shown = shown.set_index(shown.columns[0])
    shown = shown.rename(index=spoken, columns=spoken)
    return shown.rename_axis(index=[spoken(name) for name in shown.index.names], columns=[spoken(name) for name in shown.columns.names])


def _between(low: float, high: float, digits: int | None) -> str:
    """An interval in words, a dash where there is none."""
    if not np.isfinite([low, high]).all():
        return "–"
    decimals = 3 if digits is None else digits
    return f"{low:.{decimals}f} to {high:.{decimals}f}"
