"""Images with their world geometry, read and written as NIfTI."""

import math
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from .errors import Sim2RealError, refuse
from .files import atomic

_DEFLATE = 1100  # gzip packs at most 1032 to 1
nib.imageglobals.logger.disabled = (
    True  # what it mends silently in headers does no harm; what does harm is refused here
)


@dataclass(frozen=True)
class Image:
    """An array with its geometry.

    data: shape (x, y, slice), (x, y, slice, phase) or, for structure maps, (x, y, slice, phase,
    sub_slice). affine: shape (4, 4), voxel index to world in mm, axes right-anterior-superior
    (RAS), as in NIfTI.
    """

    data: np.ndarray
    affine: np.ndarray

    @property
    def spacing_mm(self) -> np.ndarray:
        """Voxel edges along x, y and slice, shape (3,), in mm."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)


def write_image(path: Path | str, image: Image) -> None:
    """NIfTI with sform and qform alike; uint8 for labels, float32 for intensities; same content,
    same bytes."""
    data = image.data.astype(
        np.uint8 if np.issubdtype(image.data.dtype, np.integer) else np.float32
    )
    nifti = nib.Nifti1Image(data, image.affine)
    nifti.header.set_xyzt_units("mm", "sec")
    nifti.set_sform(image.affine, code=1)
    nifti.set_qform(image.affine, code=1)
    with atomic(path) as temporary:
        nib.save(nifti, temporary)


def open_image(path: Path | str) -> nib.Nifti1Image:
    """The header and geometry of a NIfTI; its voxels are read only when asked for."""
    path = Path(path)
    refuse(
        path.is_dir(),
        f"{path}: is a folder; expected a NIfTI image",
    )
    refuse(
        not path.is_file(),
        f"{path}: no such file; expected a NIfTI image",
    )
    refuse(
        not os.access(path, os.R_OK),
        f"{path}: may not be opened; change its permissions",
    )
    try:
        nifti = nib.load(path)
        kind = nifti.get_data_dtype().kind
    except Exception as error:
        raise Sim2RealError(
            f"{path}: not a readable NIfTI image ({error}); replace the file"
        ) from None
    refuse(
        not 3 <= len(nifti.shape) <= 5 or min(nifti.shape) < 1,
        f"{path}: has shape {nifti.shape}; expected 3 or 4 dimensions, none of them empty",
    )
    if kind not in "iuf":
        raise Sim2RealError(
            f"{path}: holds voxels of type {nifti.get_data_dtype()}; expected real numbers"
        )
    claimed = math.prod(nifti.shape) * nifti.get_data_dtype().itemsize
    refuse(
        claimed > path.stat().st_size * (_DEFLATE if path.suffix == ".gz" else 1),
        f"{path}: its header claims {claimed:,} bytes of voxels, more than the file can hold;"
        " copy the file again",
    )
    refuse(
        not _has_size(nifti, path),
        f"{path}: its voxels have no size (pixdim 0) and no affine tells it; the header is"
        " damaged, replace the file",
    )
    refuse(
        not np.isfinite(nifti.affine).all() or abs(np.linalg.det(nifti.affine[:3, :3])) < 1e-6,
        f"{path}: its affine has no inverse; the header is damaged, replace the file",
    )
    return nifti


def _has_size(nifti: nib.Nifti1Image, path: Path) -> bool:
    """Whether the affine rests on something: without an sform it is made of pixdim, where nibabel
    has put 1 for 0."""
    if not hasattr(nifti.header, "get_sform") or nifti.header["sform_code"] > 0:
        return True
    with nib.openers.ImageOpener(path) as file:
        raw = type(nifti.header).from_fileobj(file, check=False)
    return bool((raw["pixdim"][1:4] != 0).all())


def read_voxels(path: Path | str, nifti: nib.Nifti1Image, phase: int | None = None) -> np.ndarray:
    """Voxels as float32 (x, y, slice); of a 4D file one phase alone is kept in memory."""
    try:
        source = nifti.dataobj
        data = np.asarray(
            source if phase is None or len(nifti.shape) == 3 else source[..., phase],
            dtype=np.float32,
        )
    except (OSError, EOFError, ValueError, OverflowError, MemoryError, zlib.error) as error:
        raise Sim2RealError(
            f"{path}: cut short or damaged ({error}); copy the file again"
        ) from None
    refuse(
        not np.isfinite(data).all(),
        f"{path}: holds NaN or infinite values; expected finite intensities",
    )
    return data


def read_image(path: Path | str) -> Image:
    """A whole NIfTI file with its geometry, as float32."""
    nifti = open_image(path)
    return Image(read_voxels(path, nifti), np.asarray(nifti.affine, float))


def read_labels(path: Path | str) -> Image:
    """A label file of ours, as uint8."""
    image = read_image(path)
    return Image(np.rint(image.data).astype(np.uint8), image.affine)


def normalise(image: np.ndarray, low_percentile: float, high_percentile: float) -> np.ndarray:
    """The two percentiles of the whole image to 0 and 1, clipped, float32."""
    low, high = np.percentile(image, [low_percentile, high_percentile])
    return np.clip((image - low) / (high - low if high > low else 1), 0, 1).astype(np.float32)


def nifti_files(source: Path) -> list[Path]:
    """``source`` itself, or the NIfTI files in it but labels (``_gt``), in the order of their
    names; no two of one stem.

    Raises Sim2RealError where there is none, and where results named by their stems would overwrite
    each other.
    """
    refuse(
        not source.exists(),
        f"{source}: no such file or folder; expected a NIfTI image or a folder of them",
    )
    paths = (
        sorted(path for path in source.glob("*.nii*") if path.is_file())
        if source.is_dir()
        else [source]
    )
    paths = [path for path in paths if not stem(path).endswith("_gt")]
    refuse(
        not paths,
        f"{source}: holds no NIfTI image; expected *.nii or *.nii.gz",
    )
    refuse(
        len({stem(path) for path in paths}) < len(paths),
        f"{source}: two files differ in their ending alone, and one would overwrite the other's"
        " result; rename one",
    )
    return paths


def stem(path: Path) -> str:
    """The file's name without .nii or .nii.gz; other dots stay."""
    return path.name.removesuffix(".gz").removesuffix(".nii")
