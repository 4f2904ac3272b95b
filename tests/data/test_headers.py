"""Headers that agree with themselves or contradict, of stacks whose true size of a voxel is known:
the right volume or one line, never a wrong volume and never another exception.

``SIM2REAL_EXAMPLES`` sets how many headers are tried.
"""

import gzip
import os
import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel as nib
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim2real.data import Sim2RealError, open_stack

FEW = 1800
N_EXAMPLES = int(os.environ.get("SIM2REAL_EXAMPLES", FEW))
METRE, MILLIMETRE, MICRON = 1, 2, 3
FACTOR = {METRE: 1000, MICRON: 0.001}
FAR = (20, 60)
"""A size that is wrong by these factors, or their inverses, is none of a short axis in any unit."""

sizes = st.tuples(st.floats(0.6, 2.8), st.floats(0.6, 2.8), st.floats(5.0, 14.0))
wrong = st.one_of(
    st.just("ones"),
    st.just("zeros"),
    st.just(np.nan),
    st.floats(*FAR),
    st.floats(*FAR).map(lambda factor: 1 / factor),
)
rivals = st.floats(1.05, 1.6)  # another size that a short axis may have


@st.composite
def headers(draw, others):
    """Fields of a header and the true edges of its voxels, which the sform or pixdim or both spell,
    in mm or in the unit that is declared; what does not spell them is drawn of ``others``."""
    true = np.array(draw(sizes))
    n_slices = draw(st.integers(2, 14))
    # not nearer to the bounds than sizes of four bytes are exact
    assume(n_slices < 6 or 40.001 < n_slices * true[2] < 199.999)
    axes = list(draw(st.permutations(range(3))))
    shape = np.array([8, 7, n_slices])[axes]
    true = true[axes]
    unit = draw(st.integers(0, 7))
    right = st.sampled_from([1, 1 / FACTOR.get(unit, 1)])
    where = draw(st.sampled_from(["sform", "pixdim", "both"]))
    sform, pixdim = (
        spelled(true, draw(right if where in (name, "both") else others))
        for name in ("sform", "pixdim")
    )
    rotation, _ = np.linalg.qr(
        np.reshape(draw(st.lists(st.floats(-1, 1), min_size=9, max_size=9)), (3, 3)) + 3 * np.eye(3)
    )
    directions = draw(st.sampled_from([np.eye(3), -np.eye(3), np.eye(3)[:, [1, 0, 2]], rotation]))
    return {
        "true": true,
        "shape": [*shape, *draw(st.sampled_from([[], [1], [1, 1], [3], [3, 1]]))],
        "unit": unit + draw(st.sampled_from([0, 8, 16, 24])),
        "pixdim": pixdim * draw(st.sampled_from([1, 1, -1])),
        "sform_code": draw(st.integers(1, 4)) if where == "sform" else draw(st.integers(0, 4)),
        "qform_code": draw(st.integers(0, 4)),
        "handedness": draw(st.sampled_from([-1, 0, 1])),
        "quaternion": draw(st.tuples(*[st.floats(-0.57, 0.57)] * 3)),
        "srow": np.c_[directions * sform, [-10, 20, 30]],
        "order": draw(st.sampled_from("<>")),
        "packed": draw(st.booleans()),
    }


def spelled(true, how):
    if isinstance(how, str):
        return np.ones(3) if how == "ones" else np.zeros(3)
    return true * how


def write(folder, header):
    """A NIfTI-1 made byte by byte."""
    order, shape = header["order"], header["shape"]
    raw = bytearray(352)
    put = lambda at, form, *values: struct.pack_into(order + form, raw, at, *values)
    put(0, "i", 348)
    put(40, "8h", len(shape), *shape, *[1] * (7 - len(shape)))
    put(70, "2h", 2, 8)  # uint8
    put(76, "8f", header["handedness"], *header["pixdim"], 0.03, 1, 1, 1)
    put(108, "f", 352)
    put(123, "B", header["unit"])
    put(252, "2h", header["qform_code"], header["sform_code"])
    put(256, "6f", *header["quaternion"], 5, 6, 7)
    put(280, "12f", *header["srow"].ravel())
    raw[344:348] = b"n+1\0"
    content = bytes(raw) + bytes(int(np.prod(shape)))
    path = Path(folder, "a.nii.gz")
    path.write_bytes(gzip.compress(content, 1) if header["packed"] else content)
    return path


def volume_of(header) -> float | None:
    """mm³ of a voxel, as it is read; None where the file is refused in a line."""
    with TemporaryDirectory() as folder:
        path = write(folder, header)
        try:
            nifti = open_stack(path)
        except Sim2RealError as fault:
            assert "\n" not in str(fault) and str(fault).startswith(f"{path}: ")
            return None
        assert nib.is_proxy(nifti.dataobj)
        return abs(np.linalg.det(nifti.affine[:3, :3]))


@pytest.fixture(scope="module", autouse=True)
def counted(request, note):
    yield
    if N_EXAMPLES > FEW and not request.session.testsfailed:
        note(
            "Headers that agree with themselves or contradict, drawn at random; each gave the true"
            " volume of a voxel or one line",
            f"{N_EXAMPLES:,}",
            "make soak (tests/data/test_headers.py)",
        )


def tried(n):
    return settings(max_examples=n, deadline=None, database=None, derandomize=N_EXAMPLES <= FEW)


@tried(N_EXAMPLES // 2)
@given(headers(st.one_of(wrong, rivals)))
def test_a_header_gives_the_true_volume_or_a_line(header):
    volume = volume_of(header)
    assert volume is None or np.isclose(volume, header["true"].prod(), rtol=0.01)


@tried(N_EXAMPLES // 2)
@given(headers(st.just("ones")))
def test_a_header_that_gives_one_size_of_a_short_axis_is_read(header):
    assert np.isclose(volume_of(header), header["true"].prod(), rtol=0.01)


def test_a_rival_is_seen_by_these_tests():
    """One planted: a size that is plausible and wrong, and told nowhere else, is taken."""
    header = {
        "true": np.array([1.0, 1, 8]),
        "shape": [8, 7, 9],
        "unit": MILLIMETRE,
        "pixdim": np.array([1.2, 1.2, 9.6]),
        "sform_code": 0,
        "qform_code": 0,
        "handedness": 1,
        "quaternion": (0, 0, 0),
        "srow": np.c_[np.eye(3), np.zeros(3)],
        "order": "<",
        "packed": True,
    }
    assert not np.isclose(volume_of(header), header["true"].prod(), rtol=0.01)
