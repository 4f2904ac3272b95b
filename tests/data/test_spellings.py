"""The size of a voxel that a genuine header tells comes out however it is spelled.

Genuine files lie beside the checkout on the developers' machines alone; elsewhere stacks of the
same sizes stand in.
"""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sim2real.data import open_stack

SHARED = Path(__file__).resolve().parents[3] / "shared"
GENUINE = sorted(
    path for name in ("real-hearts", "mnms-sample") for path in (SHARED / name).rglob("*_sa.nii.gz")
)
SIZES = ((1.5, 1.5, 10.0), (1.85, 1.85, 10.0), (0.7, 0.7, 5.0), (1.25, 1.25, 8.0))
METRE, MILLIMETRE, MICRON = 1, 2, 3


def headers():
    """Headers of the genuine files, or of stacks with the sizes of ``SIZES``."""
    if GENUINE:
        return [nib.load(path).header for path in GENUINE]
    made = []
    for spacing in SIZES:
        turned = np.diag([*spacing, 1.0])[[1, 0, 2, 3]]
        made.append(nib.Nifti1Image(np.zeros((30, 26, 9), np.uint8), turned).header)
        made[-1].set_zooms(spacing)
    return made


def spellings(header):
    """Name to sform (3, 3), its code, pixdim and unit."""
    columns = header.get_best_affine()[:3, :3]
    spacing = np.array(header.get_zooms()[:3], float)
    directions = columns / np.linalg.norm(columns, axis=0)
    true = directions * spacing
    return {
        "sform alone": (true, 1, np.ones(3), MILLIMETRE),
        "pixdim alone": (np.zeros((3, 3)), 0, spacing, MILLIMETRE),
        "sform of unit columns": (directions, 1, spacing, MILLIMETRE),
        "metres": (true / 1000, 1, spacing / 1000, METRE),
        "millimetres called microns": (true, 1, spacing, MICRON),
    }


def write(path, header, sform, code, pixdim, unit):
    """An image of zeros with these fields, whatever a library would make of them."""
    header = nib.Nifti1Header(header.binaryblock)
    header.set_data_dtype(np.uint8)
    header["sform_code"], header["qform_code"] = code, 0
    for row, name in zip(sform, ("srow_x", "srow_y", "srow_z"), strict=True):
        header[name] = [*row, 0]
    header["pixdim"][1:4], header["xyzt_units"] = pixdim, unit
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["vox_offset"], header["magic"] = 352, b"n+1"
    n_voxels = int(np.prod(header.get_data_shape()))
    with gzip.open(path, "wb", 1) as file:
        file.write(header.binaryblock + bytes(4) + bytes(n_voxels))


@pytest.mark.parametrize("name", list(spellings(headers()[0])))
def test_a_voxel_has_its_volume_in_each_spelling(tmp_path, name):
    for number, header in enumerate(headers()):
        fields = spellings(header)[name]
        path = tmp_path / f"{number}.nii.gz"
        write(path, header, *fields)
        volume = abs(np.linalg.det(open_stack(path).affine[:3, :3]))
        assert volume == pytest.approx(np.prod(header.get_zooms()[:3]), rel=0.01)
