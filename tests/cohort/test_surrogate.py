import hashlib

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from sim2real.cohort import CohortParameters, appearance, read_mnms, write_surrogate
from sim2real.cohort.surrogate import SHEET, VERSION, _write_subject


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


def content(path):
    return {file.relative_to(path): file.read_bytes() for file in path.rglob("*.nii.gz")}


def test_it_is_read_as_the_challenge_is(surrogate):
    cases = read_mnms(surrogate)
    assert [(case.vendor, case.split) for case in cases] == [
        (v, s) for v in "AB" for s in ("train", "train", "test")
    ]
    for case in cases:
        for phase in ("ED", "ES"):
            image, label = case.read(phase)
            assert set(np.unique(label.data)) == {0, 1, 2, 3} and image.data.std() > 0


def test_header_and_sheet_are_like_the_challenges(surrogate):
    sheet = pd.read_csv(surrogate / SHEET)
    assert sheet.columns[0].startswith("Unnamed") and {
        "External code",
        "VendorName",
        "Vendor",
        "Centre",
        "ED",
        "ES",
    } <= set(sheet.columns)
    nifti = nib.load(read_mnms(surrogate)[0].ed.image)
    assert nifti.ndim == 4 and nifti.shape[3] == 2 and 5 <= nifti.header.get_zooms()[2] <= 10.5


def test_ed_is_the_fuller_phase(surrogate):
    for case in read_mnms(surrogate):
        volumes = [(case.read(phase)[1].data == 1).sum() for phase in ("ED", "ES")]
        assert volumes[0] > 1.15 * volumes[1], case.subject


def test_vendors_have_their_own_pixels_and_intensities(surrogate):
    cases = read_mnms(surrogate)
    zooms = {
        v: {
            round(float(nib.load(c.ed.image).header.get_zooms()[0]), 2)
            for c in cases
            if c.vendor == v
        }
        for v in "AB"
    }
    assert zooms["A"].isdisjoint(zooms["B"])
    high = {
        v: np.median([np.percentile(c.read("ED")[0].data, 99) for c in cases if c.vendor == v])
        for v in "AB"
    }
    assert high["A"] > 1.5 * high["B"]


def test_training_and_test_are_other_people(surrogate):
    cases = read_mnms(surrogate)
    volumes = [int((case.read("ED")[1].data > 0).sum()) for case in cases]
    assert len(set(volumes)) == len(cases)
    assert {c.subject for c in cases if c.split == "train"}.isdisjoint(
        {c.subject for c in cases if c.split == "test"}
    )


def test_second_call_writes_no_image(surrogate):
    before = {path: path.stat().st_mtime_ns for path in surrogate.rglob("*.nii.gz")}
    sheet = (surrogate / SHEET).read_bytes()
    write_surrogate(surrogate, CohortParameters(surrogate_train=2, surrogate_test=1), 4)
    assert (
        before == {path: path.stat().st_mtime_ns for path in surrogate.rglob("*.nii.gz")}
        and len(before) == 12
    )
    assert sheet == (surrogate / SHEET).read_bytes()


def test_subject_is_the_same_whatever_the_number_of_subjects(surrogate, tmp_path):
    """One subject alone, made anew in another folder, has the bytes it has in the cohort; another
    seed gives another."""
    for item in (("A", "Training/Labeled", 1), ("B", "Testing", 100_000)):
        _write_subject(item, tmp_path, 4)
    made, there = content(tmp_path), content(surrogate)
    assert len(made) == 4 and all(there[path] == data for path, data in made.items())
    _write_subject(("A", "Training/Labeled", 1), tmp_path / "other", 5)
    assert set(content(tmp_path / "other").values()).isdisjoint(there.values())


def test_the_look_is_frozen_under_its_version():
    """A changed amplitude needs a new version, and a reason in terms of what real slices look
    like."""
    amplitudes = appearance.VENDOR_LOOKS.to_csv() + str(sorted(appearance._TEXTURE.items()))
    amplitudes += (
        f"{appearance._VENOUS_INFLOW} {appearance._OBSERVER_MM} {appearance._CLEARANCE_MM}"
        f" {appearance._OCTAVES}"
    )
    assert hashlib.sha256(amplitudes.encode()).hexdigest()[:16] == {12: "9a7abc9561c0d83b"}[VERSION]
