"""The surrogate cohort: other people, imaged as each vendor would, written to disk as the M&Ms
challenge is.

It stands in for the M&Ms data where those are not to be had. It is made once for a seed and a
version; the version changes only for a reason in the terms of what real slices look like, never
because a later chapter would score better.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ..data import (
    PHASES,
    VENDORS,
    fingerprint_of,
    generator,
    map_in_order,
    resumable_folder,
    science_digest,
    write_image,
    write_table,
)
from ..population import PopulationParameters, maps_of, sample_subject
from . import appearance
from .parameters import CohortParameters

VERSION = 12
CODE = "surrogate"  # how the subjects' codes begin
SHARE_NORMAL = 0.3  # M&Ms is mostly patients
SHEET = "211230_M&Ms_Dataset_information_diagnosis_opendataset.csv"


def write_surrogate(folder: Path | str, parameters: CohortParameters, seed: int) -> Path:
    """Write what is missing of the cohort: an M&Ms layout, 4D NIfTI and CSV.

    Subject k of a vendor is the same whatever the number of subjects.

    Args:
        folder: the root of the layout.
        parameters: numbers of training and test subjects a vendor.
        seed: of everything random.

    Returns:
        ``folder``.
    """
    folder = resumable_folder(folder, fingerprint_of(VERSION, seed, science_digest(__name__)))
    # test subjects count from far above, so that a longer training set never reaches them
    splits = {
        "Training/Labeled": range(parameters.surrogate_train),
        "Testing": range(100_000, 100_000 + parameters.surrogate_test),
    }
    plan = [(v, split, k) for v in VENDORS for split, numbers in splits.items() for k in numbers]
    work = partial(_write_subject, folder=folder, seed=seed)
    rows = map_in_order(work, plan, name="surrogate cohort", unit="subject")
    write_table(folder / SHEET, pd.DataFrame(rows).reset_index(names=""))
    return folder


def _write_subject(item: tuple[str, str, int], folder: Path, seed: int) -> dict:
    vendor, split, k = item
    code = f"{CODE}{vendor}{k:06d}"
    rng = generator(seed, "surrogate", vendor, k)
    subject = sample_subject(seed, k, SHARE_NORMAL, family=f"patient{vendor}")
    # M&Ms has headers with an orientation: its hearts lie as a scanner's slices are prescribed
    subject = replace(subject, roll_deg=float(rng.normal(0, 8)))
    es_first = bool(rng.random() < 0.2)
    phases = PHASES[::-1] if es_first else PHASES
    image_path, label_path = (
        folder / split / code / f"{code}_sa{end}.nii.gz" for end in ("", "_gt")
    )
    if not (image_path.exists() and label_path.exists()):
        look = appearance.VENDOR_LOOKS[vendor]
        geometry = PopulationParameters(
            slice_thickness_mm=look.slice_thickness_mm,
            slice_spacing_mm=look.slice_spacing_mm,
            sub_slices=3,
            stack="full",
        )
        # an operator puts the middle of the field of view about between the ventricles
        septum = np.deg2rad(subject.septum_angle_deg - subject.roll_deg)
        middle_mm = 18 * np.array([np.cos(septum), np.sin(septum)]) + rng.normal(0, 8, 2)
        structures = maps_of(subject, phases, geometry, offset_mm=tuple(middle_mm.tolist()))
        image, label = appearance.image_subject(structures, vendor, rng)
        write_image(label_path, label)
        write_image(image_path, image)
    return {
        "External code": code,
        "VendorName": VENDORS[vendor],
        "Vendor": vendor,
        "Centre": "surrogate",
        "ED": int(es_first),
        "ES": int(not es_first),
        "Age": "",
        "Pathology": subject.group,
        "Sex": subject.sex,
        "Height": "",
        "Weight": "",
    }
