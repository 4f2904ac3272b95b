"""Images with their world geometry, read and written as NIfTI."""

import gzip
import math
import os
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import nibabel as nib
import numpy as np

from .errors import Sim2RealError, refuse
from .fetching import beginning, require_fetched
from .files import atomic
from .names import is_nifti, is_text, other_content, other_format

UNORIENTED = (
    "orientation unknown, its header puts the axes along the body's, where no short axis lies"
)
_GEOMETRY = (
    *("pixdim", "xyzt_units", "toffset", "sform_code", "srow_x", "srow_y", "srow_z"),
    *("qform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
)
_GZIP = b"\x1f\x8b"
_LONGEST_HEADER = 540  # NIfTI-2's, in bytes
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


def write_like(path: Path | str, data: np.ndarray, source: Path | str) -> None:
    """``data`` with the header of the NIfTI at ``source``, byte for byte where it tells of place,
    size, time and units; uint8 or float32, the first axes those of the source, and all of them
    where it holds as many voxels."""
    original = open_image(source)
    if data.size == math.prod(original.shape):  # axes of one
        data = data.reshape(original.shape)
    nifti = type(original)(data, None, original.header)
    nifti.set_data_dtype(data.dtype)
    nifti.header["cal_min"], nifti.header["cal_max"] = 0, 0
    raw = _raw_header(Path(source), type(original))
    for name in _GEOMETRY:  # nibabel mends some of them as it reads
        nifti.header[name] = raw[name]
    with atomic(path) as temporary:
        nib.save(nifti, temporary)


def unpacked(path: Path | str) -> BinaryIO:
    """The bytes of a file, unpacked where its content is packed with gzip, whatever its name: tools
    unpack a ``.nii.gz`` and leave its name, and the other way round."""
    return gzip.open(path) if _is_packed(Path(path)) else open(path, "rb")


def _is_packed(path: Path) -> bool:
    return beginning(path, 2) == _GZIP


def open_image(path: Path | str) -> nib.Nifti1Image:
    """The header and geometry of a NIfTI; its voxels are read only when asked for."""
    path = Path(path)
    _refuse_others(path)
    nifti = _load(path)
    kind = nifti.get_data_dtype().kind
    refuse(
        not 3 <= len(nifti.shape) <= 5 or min(nifti.shape) < 1,
        f"{path}: has shape {nifti.shape}; expected 3 or 4 dimensions, none of them empty",
    )
    refuse(
        kind not in "iuf",
        f"{path}: holds voxels of type {nifti.get_data_dtype()}; expected real numbers",
    )
    refuse(
        nifti.dataobj.offset < nifti.header.single_vox_offset,
        f"{path}: its header says that its voxels begin at byte {nifti.dataobj.offset}, within the"
        " header itself (vox_offset); correct the header",
    )
    claimed = math.prod(nifti.shape) * nifti.get_data_dtype().itemsize
    refuse(
        claimed > path.stat().st_size * (_DEFLATE if _is_packed(path) else 1),
        f"{path}: its header claims {claimed:,} bytes of voxels, more than the file can hold;"
        " copy the file again",
    )
    refuse(
        not _has_size(nifti, path),
        f"{path}: its voxels have no size (pixdim 0) and no affine tells it; correct the header",
    )
    steps = nifti.affine[:3, :3]
    volume = np.linalg.norm(steps, axis=0).prod()  # were the steps at right angles
    refuse(
        not np.isfinite(nifti.affine).all() or abs(np.linalg.det(steps)) <= 1e-6 * volume,
        f"{path}: its affine has no inverse; correct the header",
    )
    return nifti


def _refuse_others(path: Path) -> None:
    """Raise Sim2RealError for what is no file to read, or one of another format by its name."""
    refuse(path.is_dir(), f"{path}: is a folder; expected a NIfTI image")
    require_fetched(path)
    refuse(not path.is_file(), f"{path}: no such file; expected a NIfTI image")
    refuse(not os.access(path, os.R_OK), f"{path}: may not be opened; change its permissions")
    other = other_format(path)
    refuse(other, f"{path}: {other}")
    refuse(
        not is_text(os.path.abspath(path)),
        f"{path}: its name or its folder's is not in UTF-8, as an archive from Windows may leave"
        " it; rename it",
    )


def _load(path: Path) -> nib.Nifti1Image:
    """The NIfTI, version 1 or 2, that the content of a file is."""
    try:
        kind = _kind(path)
        with warnings.catch_warnings(action="ignore"):  # of a header's extensions
            if is_nifti(path) and path.name.lower().endswith(".gz") == _is_packed(path):
                return kind.from_filename(path)
            # nibabel goes by the name
            return kind.from_file_map({"image": nib.FileHolder(fileobj=unpacked(path))})
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise _unreadable(path, error) from None
    except Sim2RealError:
        raise
    except Exception as error:  # nibabel raises many kinds
        raise Sim2RealError(
            f"{path}: not a readable NIfTI image ({error}); expected a sound header: write the file"
            " anew with the tool that made it"
        ) from None


def _kind(path: Path) -> type[nib.Nifti1Image]:
    with unpacked(path) as file:
        start = file.read(_LONGEST_HEADER)
    if start[344:348] == b"n+1\0":
        return nib.Nifti1Image
    if start[4:8] == b"n+2\0":
        return nib.Nifti2Image
    other = other_content(start)
    refuse(other, f"{path}: {other}")
    refuse(start[:2] == _GZIP, f"{path}: is packed with gzip twice; unpack it once with gunzip")
    sizes = {int.from_bytes(start[:4], order) for order in ("little", "big")}
    if not start or (len(start) < 348 and sizes & {348, 540}):
        reason = f"it ends after {len(start)} bytes"
        raise Sim2RealError(f"{path}: not a readable NIfTI image ({reason}); copy the file again")
    raise Sim2RealError(
        f"{path}: not a readable NIfTI image; expected NIfTI's header at its start: convert the"
        " file to NIfTI"
    )


def _unreadable(path: Path | str, error: Exception) -> Sim2RealError:
    """The line for a file that could not be read to its end; it is at fault itself only where the
    system reported nothing."""
    if isinstance(error, MemoryError):
        return Sim2RealError(f"{path}: needs more memory than there is; free some and run again")
    reason = getattr(error, "strerror", None)
    if isinstance(error, PermissionError):
        return Sim2RealError(f"{path}: may not be opened ({reason}); change its permissions")
    if reason:
        return Sim2RealError(
            f"{path}: cannot be read ({reason}); look after the disk or the network that it lies on"
        )
    return Sim2RealError(f"{path}: cut short or damaged ({error}); copy the file again")


def open_stack(path: Path | str) -> nib.Nifti1Image:
    """A short-axis stack that a user brings, as ``open_image`` gives it, with its true spacing.

    A header tells the size of a voxel more than once: in the sform, in pixdim (which the qform
    takes), each in the unit that is declared, and often enough in mm whatever is declared. Where
    these differ, the one reading that a short-axis stack can have is taken: 0.5 to 3 mm in plane, 4
    to 15 mm between slices, 40 to 200 mm for six slices or more. ``extra["spacing"]`` of the result
    says so in words, where it is not the sform's in mm.

    Raises:
        Sim2RealError: with all sizes, where none of the readings can be, or two can.
    """
    nifti = open_image(path)
    shape = nifti.shape
    while len(shape) > 3 and shape[-1] == 1:  # axes that some tools add
        shape = shape[:-1]
    if shape != nifti.shape:
        nifti = type(nifti)(nifti.dataobj.reshape(shape), nifti.affine, nifti.header)
    readings = _spacings(nifti)
    plausible = {name: mm for name, mm in readings.items() if _is_short_axis(mm, nifti.shape)}
    distinct: list[str] = []
    for name, mm in plausible.items():
        if not any(np.allclose(mm, readings[other], rtol=0.01) for other in distinct):
            distinct.append(name)
    told = "; ".join(f"{name}: {_size(mm)}" for name, mm in readings.items())
    refuse(
        len(distinct) != 1,
        f"{path}: its header gives {'no' if not distinct else 'more than one'} size of voxels that"
        f" a short-axis stack has ({told}); expected 0.5 to 3 mm in plane, 4 to 15 mm between"
        " slices and 40 to 200 mm in all: correct the header",
    )
    (name,) = distinct
    ratio = readings[name] / np.linalg.norm(nifti.affine[:3, :3], axis=0)
    if np.allclose(ratio, 1, rtol=0.01):
        return nifti
    affine = nifti.affine.copy()
    affine[:3, :3] *= ratio
    if np.ptp(ratio) < 0.01 * ratio.max():  # another unit, not another size
        affine[:3, 3] *= ratio.mean()
    corrected = type(nifti)(nifti.dataobj, affine, nifti.header)
    corrected.extra["spacing"] = f"{_size(readings[name])} by {name}"
    return corrected


def axes_apart(nifti: nib.Nifti1Image) -> bool:
    """Whether a header's qform and sform, both declared, turn an axis of the voxels by more than 30
    degrees from each other: programs differ in which they believe."""
    if not (nifti.header["qform_code"] > 0 and nifti.header["sform_code"] > 0):
        return False
    try:
        qform = nib.quaternions.quat2mat(nifti.header.get_qform_quaternion())
    except ValueError:  # no rotation at all
        return False
    if nifti.header["pixdim"][0] < 0:
        qform[:, 2] *= -1
    sform = nifti.affine[:3, :3] / np.linalg.norm(nifti.affine[:3, :3], axis=0)
    return bool(((qform * sform).sum(axis=0) < np.cos(np.radians(30))).any())


def phases_of(path: Path | str, nifti: nib.Nifti1Image) -> list[int | None]:
    """Indices of the phases of a stack as ``open_stack`` gives it; [None] where it has no axis of
    time."""
    refuse(
        len(nifti.shape) > 4,
        f"{path}: has shape {nifti.shape}; expected 3 or 4 dimensions, slices third",
    )
    return list(range(nifti.shape[3])) if len(nifti.shape) == 4 else [None]


def _spacings(nifti: nib.Nifti1Image) -> dict[str, np.ndarray]:
    """Edges of a voxel in mm, (3,), by each reading of a header."""
    header, edges, readings = nifti.header, {}, {}
    if header["sform_code"] > 0:
        edges["sform"] = np.linalg.norm(header.get_sform()[:3, :3], axis=0)
    edges["pixdim"] = np.abs(header["pixdim"][1:4].astype(float))
    # the lowest three bits are the unit of length: 1 metre, 3 micron
    factor = {1: 1000.0, 3: 0.001}.get(int(header["xyzt_units"]) & 7, 1.0)
    for name, values in edges.items():
        readings[name] = values
        if factor != 1:
            readings[f"{name} in the declared unit"] = values * factor
    return readings


def _is_short_axis(edges_mm: np.ndarray, shape: tuple[int, ...]) -> bool:
    third = int(np.argmax(edges_mm))
    in_plane, between = np.delete(edges_mm, third), edges_mm[third]
    extent = shape[third] * between
    fits = ((in_plane >= 0.5) & (in_plane <= 3)).all() and 4 <= between <= 15
    return bool(fits and (shape[third] < 6 or 40 <= extent <= 200))


def _size(edges_mm: np.ndarray) -> str:
    return " x ".join(f"{mm:.3g}" for mm in edges_mm) + " mm"


def _has_size(nifti: nib.Nifti1Image, path: Path) -> bool:
    """Whether the affine rests on something: without an sform it is made of pixdim, where nibabel
    has put 1 for 0."""
    if nifti.header["sform_code"] > 0:
        return True
    return bool((_raw_header(path, type(nifti))["pixdim"][1:4] != 0).all())


def _raw_header(path: Path, kind: type[nib.Nifti1Image]) -> nib.Nifti1Header:
    """A header as it stands in the file, nothing mended."""
    with unpacked(path) as file:
        return kind.header_class.from_fileobj(file, check=False)


def read_voxels(path: Path | str, nifti: nib.Nifti1Image, phase: int | None = None) -> np.ndarray:
    """Voxels as float32 (x, y, slice); of a 4D file one phase alone is kept in memory."""
    try:
        source = nifti.dataobj
        with np.errstate(over="ignore", invalid="ignore"):  # looked for below
            data = np.asarray(
                source if phase is None or len(nifti.shape) == 3 else source[..., phase],
                dtype=np.float32,
            )
    except (OSError, EOFError, ValueError, OverflowError, MemoryError, zlib.error) as error:
        raise _unreadable(path, error) from None
    refuse(
        not np.isfinite(data).all(),
        f"{path}: holds NaN or infinite values; expected finite intensities",
    )
    return data


def read_intensities(
    path: Path | str, nifti: nib.Nifti1Image, phase: int | None = None
) -> np.ndarray:
    """``read_voxels`` of an image, which is neither one value everywhere nor a label."""
    data = read_voxels(path, nifti, phase)
    when = "" if phase is None else f" of phase {phase}"
    low, high = data.min(), data.max()
    refuse(low == high, f"{path}: holds {low:g} in every voxel{when}; expected an image")
    refuse(
        low >= 0 and high <= 3 and (data == np.rint(data)).all(),
        f"{path}: holds whole numbers from 0 to 3 alone{when}, as a label does; expected an image:"
        " give the image, or end the label's name in _gt",
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
