"""The M&Ms challenge's folder, read as it is."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import Sim2RealError
from ..core.images import Image, open_image, read_voxels

_SHEETS = (
    "211230_M&Ms_Dataset_information_diagnosis_opendataset",
    "201207_M&Ms Dataset information - diagnosis - opendataset",
)
_FOLDERS = {"Training/Labeled": "train", "Validation": "validation", "Testing": "test"}
_COLUMNS = ("External code", "Vendor", "ED", "ES")


@dataclass(frozen=True)
class Case:
    """One subject of the cohort, its files checked to be there and to fit each other."""

    subject: str
    vendor: str
    split: str
    pathology: str
    sex: str
    ed: int  # 0-based phase index
    es: int
    image: Path
    label: Path

    def read(self, phase: str) -> tuple[Image, Image]:
        """(image, label) at "ED" or "ES", each (x, y, slice); label uint8 with 1 LV, 2 MYO, 3 RV. One phase alone is read."""
        index = self.ed if phase == "ED" else self.es
        nifti, nifti_label = open_image(self.image), open_image(self.label)
        image = read_voxels(self.image, nifti, index)
        label = read_voxels(self.label, nifti_label, index)
        values = np.unique(label)
        if not np.isin(values, (0, 1, 2, 3)).all():
            strange = values[~np.isin(values, (0, 1, 2, 3))][0]
            raise Sim2RealError(f"{self.label}: holds the label {strange:g}; expected 0, 1 (LV), 2 (MYO) and 3 (RV)")
        affine = np.asarray(nifti.affine, float)  # the image's; labels are checked to have its shape
        return Image(image, affine), Image(label.astype(np.uint8), affine)


def read_mnms(root: Path | str, vendors: tuple[str, ...] = ("A", "B")) -> list[Case]:
    """All labelled subjects of ``vendors`` (none named: of any vendor) in the challenge's layout, in the sheet's order.

    Raises Sim2RealError, naming file and fault, for the first subject that cannot be used (and says how many there are),
    and for a vendor without any subject.
    """
    root = Path(root)
    sheet, path = _read_sheet(root)
    cases, faults = [], []
    for row in sheet.to_dict("records"):
        if vendors and str(row["Vendor"]).strip() not in vendors:
            continue
        try:
            case = _case(root, row, path)
        except Sim2RealError as error:
            faults.append(str(error))
            continue
        if case is not None:
            cases.append(case)
    if faults:
        more = f" (and {len(faults) - 1} more subjects with faults)" if len(faults) > 1 else ""
        raise Sim2RealError(faults[0] + more)
    for vendor in vendors:
        if not any(case.vendor == vendor for case in cases):
            raise Sim2RealError(f"{path}: no labelled subject of vendor {vendor}; expected at least one of each of {', '.join(vendors)}")
    return cases


def require_subjects(cases: list[Case], split: str, purpose: str, vendors: tuple[str, ...] = ("A", "B")) -> None:
    """Raise Sim2RealError, in one line, naming the vendors that have no subject in ``split``."""
    lacking = [vendor for vendor in vendors if not any(case.vendor == vendor and case.split == split for case in cases)]
    if lacking:
        raise Sim2RealError(
            f"the cohort's split '{split}' has no subject of vendor {' nor of '.join(lacking)}; {purpose} needs at least one of each"
        )


def _read_sheet(root: Path) -> tuple[pd.DataFrame, Path]:
    if not root.is_dir():
        raise Sim2RealError(f"{root}: no such folder; cohort.mnms_root must name the folder of the M&Ms data")
    for name in _SHEETS:
        for suffix, read in ((".csv", pd.read_csv), (".xlsx", pd.read_excel)):
            path = root / (name + suffix)
            if path.is_file():
                try:
                    sheet = read(path, dtype={"External code": str})
                except Exception as error:
                    raise Sim2RealError(f"{path}: cannot be read as a table ({error}); export it again") from None
                missing = [column for column in _COLUMNS if column not in sheet.columns]
                if missing:
                    raise Sim2RealError(f"{path}: has no column '{missing[0]}'; expected {', '.join(_COLUMNS)}")
                twice = sheet["External code"][sheet["External code"].duplicated()]
                if len(twice):
                    raise Sim2RealError(f"{path}: subject {twice.iloc[0]} stands in it twice; keep one row")
                return sheet, path
    raise Sim2RealError(f"{root}: holds no {_SHEETS[0]}.csv (nor the older sheet); copy the challenge's CSV into this folder")


def _case(root: Path, row: dict, sheet: Path) -> Case | None:
    code = str(row["External code"]).strip()
    if not code or Path(code).name != code or code.startswith("."):
        raise Sim2RealError(f"{sheet}: '{code}' is no subject's code; expected letters and digits, no path")
    if (root / "Training" / "Unlabeled" / code).is_dir():
        return None
    for folder in _FOLDERS:
        image, label = (root / folder / code / f"{code}_sa{end}.nii.gz" for end in ("", "_gt"))
        if (root / folder / code).is_dir():
            break
    else:
        raise Sim2RealError(
            f"{sheet}: subject {code} is listed, but none of {', '.join(_FOLDERS)} holds a folder {code}; copy it there or remove the row"
        )
    shapes = [open_image(path).shape for path in (image, label)]
    if shapes[0] != shapes[1]:
        raise Sim2RealError(f"{label}: shape {shapes[1]} differs from its image's {shapes[0]}; expected the same")
    indices = {}
    for phase in ("ED", "ES"):
        try:
            indices[phase] = int(row[phase])
            if indices[phase] != float(row[phase]):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise Sim2RealError(f"{sheet}: subject {code} has {phase} index '{row[phase]}'; expected a whole number from 0") from None
        phases = shapes[0][3] if len(shapes[0]) == 4 else 1
        if not 0 <= indices[phase] < phases:
            raise Sim2RealError(
                f"{sheet}: subject {code} has {phase} index {indices[phase]}, but {image.name} has {phases} phases, counted from 0"
            )
    text = lambda name: "" if pd.isna(row.get(name)) else str(row.get(name))  # noqa: E731
    vendor = str(row["Vendor"]).strip()
    return Case(code, vendor, _FOLDERS[folder], text("Pathology"), text("Sex"), indices["ED"], indices["ES"], image, label)
