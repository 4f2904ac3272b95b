"""A builder of small cohorts in the layout of the M&Ms challenge, and one surrogate cohort for the
whole session."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from sim2real.cohort import CohortParameters, write_surrogate
from sim2real.data import Sim2RealError

SHEET = "211230_M&Ms_Dataset_information_diagnosis_opendataset"
SHAPE = (60, 51, 6, 3)  # x, y, slice, phase
AFFINE = np.diag([7.3 / 3, 7.4 / 3, 12.0, 1.0])


class Builder:
    """Subjects on disk and rows of the sheet; every method may be called again to change what lies
    there."""

    def __init__(self, root: Path):
        self.root, self.rows = root, []

    def add(
        self,
        code,
        vendor="A",
        folder="Training/Labeled",
        ed=0,
        es=2,
        affine=AFFINE,
        dtype=np.uint8,
        shape=SHAPE,
        **more,
    ):
        self.rows.append(
            {
                "External code": code,
                "VendorName": "a vendor",
                "Vendor": vendor,
                "Centre": 1,
                "ED": ed,
                "ES": es,
                "Age": 50,
                "Pathology": "NOR",
                "Sex": "F",
                "Height": "",
                "Weight": "",
                **more,
            }
        )
        image, label = self.arrays(ed, es, shape)
        self.save(code, "", image, affine, folder)
        self.save(code, "_gt", label.astype(dtype), affine, folder)
        return self

    def arrays(self, ed=0, es=2, shape=SHAPE):
        """(image, label) of another heart at each call, labelled at two phases and brightest in its
        blood."""
        rng = np.random.default_rng(len(self.rows))
        coarse = (shape[0] // 3, shape[1] // 3, *shape[2:])
        image = rng.integers(1, 400, coarse).astype(np.int16)
        label = np.zeros(coarse, np.uint8)
        for phase in (ed, es):
            if isinstance(phase, int) and phase < shape[3]:
                (
                    label[8:12, 6:9, 1:5, phase],
                    label[7, 6:9, 1:5, phase],
                    label[2:7, 5:11, 1:5, phase],
                ) = (1, 2, 3)
                label[8, 6, 1, phase] = 2 if phase == es else 1  # so that the phases differ
        image[(label == 1) | (label == 3)] += 500
        return tuple(array.repeat(3, 0).repeat(3, 1) for array in (image, label))

    def whole(self):
        """A training and a test subject of each vendor: A1, A2, B1, B2."""
        for vendor in "AB":
            self.add(f"{vendor}1", vendor).add(f"{vendor}2", vendor, "Testing", ed=2, es=1)
        return self

    def path(self, code, end=""):
        return next(self.root.glob(f"*/**/{code}")) / f"{code}_sa{end}.nii.gz"

    def save(self, code, end, data, affine=AFFINE, folder="Training/Labeled"):
        path = self.root / folder / code / f"{code}_sa{end}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        nifti = nib.Nifti1Image(data, affine)
        nifti.header["sform_code"], nifti.header["qform_code"] = 2, 0
        nib.save(nifti, path)
        return path

    def sheet(self, name=SHEET, suffix=".csv", drop=()):
        """Write the sheet: an unnamed index column first, as the challenge's has."""
        table = pd.DataFrame(self.rows).drop(columns=list(drop))
        path = self.root / (name + suffix)
        table.to_csv(path) if suffix == ".csv" else table.to_excel(path)
        return self.root


@pytest.fixture
def builder(tmp_path):
    return Builder(tmp_path)


@pytest.fixture
def refusal():
    """A call's Sim2RealError as text; fails where there is none or it has more than one line."""

    def told(action) -> str:
        with pytest.raises(Sim2RealError) as caught:
            action()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return told


@pytest.fixture(scope="session")
def surrogate(tmp_path_factory):
    """Root of a surrogate cohort: two training subjects and one test subject a vendor, seed 4."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIM2REAL_CORES", "1")
        return write_surrogate(
            tmp_path_factory.mktemp("surrogate"),
            CohortParameters(surrogate_train=2, surrogate_test=1),
            4,
        )
