"""Genuine XCAT subjects as the chapters need them: short-axis structure maps and the measures of
the ventricles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.ndimage import map_coordinates

from ...data.errors import Sim2RealError
from ...data.images import Image
from ..heart import DENSITY_G_PER_ML
from ..parameters import PopulationParameters
from ..render import MIDDLE_SLICES
from ..structures import ID, labels_of
from .files import XcatSeries, name_of, open_xcat
from .organs import number
from .papillary import mark_papillary
from .pose import Pose, find_pose, frame_of

# of the LV's volume between the frames taken for ED and ES; frames of one heart phase differ by
# less
_LEAST_EJECTION = 0.05
_SECTION_MM, _SECTION_PIXEL_MM = (
    2.0,
    1.0,
)  # distance and pixel of the sections in which papillary muscle is counted


def read_xcat_subject(
    par: Path,
    parameters: PopulationParameters,
    phases: Literal["ed_es", "all"] = "ed_es",
    n_slices: int | None = None,
) -> tuple[dict, Image]:
    """(row of the subjects' table, structure maps (x, y, slice, frame, sub_slice), uint8) of one
    XCAT subject.

    ED is the frame with the largest LV cavity, ES the one with the smallest; ``all`` takes every
    frame of the beat, in order of time from ED on. Slices run from apex to base: the six in the
    middle or, for ``parameters.stack = "full"``, all of the LV; ``n_slices`` instead spreads that
    many evenly over what holds the cavity at both phases (3: apical, mid, basal). At most one frame
    of activities is in memory, and of structures ED, ES and one more.
    """
    series = open_xcat(par)
    cavity = [
        np.count_nonzero(series.read_frame(k) == ID["lv_blood"]) for k in range(len(series.frames))
    ]
    ed, es = int(np.argmax(cavity)), int(np.argmin(cavity))
    if cavity[es] == 0:
        raise Sim2RealError(
            f"{par}: frame {es + 1} holds no LV cavity; check bldplLV_act in the .par"
        )
    if phases == "ed_es" and cavity[es] > (1 - _LEAST_EJECTION) * cavity[ed]:
        most, least = cavity[ed] * series.voxel_ml, cavity[es] * series.voxel_ml
        raise Sim2RealError(
            f"{par}: the LV holds {most:.1f} ml at its fullest and {least:.1f} ml at its emptiest;"
            " expected frames over a heart beat, set motion_option = 0 and several out_frames"
        )
    volumes = {k: series.read_frame(k) for k in {ed, es}}
    pose = find_pose(volumes[ed], series)
    centres = _centres(pose, volumes[ed], volumes[es], parameters, n_slices)
    row = _row(series, pose, volumes[ed], volumes[es]) | {"ed_frame": ed + 1, "es_frame": es + 1}
    n_frames = len(series.frames)
    wanted = [(ed + k) % n_frames for k in range(n_frames)] if phases == "all" else (ed, es)
    frames = (volumes[k] if k in volumes else series.read_frame(k) for k in wanted)
    return row, _short_axis(frames, len(wanted), series, pose, centres, parameters)


def _row(series: XcatSeries, pose: Pose, ed: np.ndarray, es: np.ndarray) -> dict:
    """Volumes by counting voxels; papillary muscle counts as cavity, as in the labels."""
    count = lambda volume, value: float(
        np.count_nonzero(labels_of(volume) == value) * series.voxel_ml
    )  # noqa: E731
    papillary = [_papillary_ml(volume, series, pose) for volume in (ed, es)]
    checked = series.log is not None and all(
        series.log.states(k + 1) for k in range(len(series.frames))
    )
    row = {
        "name": name_of(series.par),
        "group": "XCAT",
        "sex": "F" if number(series.values.get("gender", "0"), series.par, "gender") == 1 else "M",
        "lv_edv_ml": count(ed, 1) + papillary[0],
        "lv_esv_ml": count(es, 1) + papillary[1],
        "lv_mass_g": DENSITY_G_PER_ML * (count(ed, 2) - papillary[0]),
        "rv_edv_ml": count(ed, 3),
        "rv_esv_ml": count(es, 3),
        "papillary_ml": papillary[0],
        "log_checked": checked,
        "pose_found_by": pose.found_by,
    }
    for side in ("lv", "rv"):
        row[f"{side}_ef_percent"] = 100 * (
            1 - row[f"{side}_esv_ml"] / max(row[f"{side}_edv_ml"], 1e-9)
        )
    return row


def _has_papillary(series: XcatSeries) -> bool:
    return number(series.values.get("papillary_flag", "0"), series.par, "papillary_flag") == 1


def _papillary_ml(volume: np.ndarray, series: XcatSeries, pose: Pose) -> float:
    """Papillary muscle, ml, in sections across the whole LV."""
    if not _has_papillary(series):
        return 0.0
    low, high = pose.heights(volume, (1,))
    plane, _ = _plane(pose, 160.0, _SECTION_PIXEL_MM)
    found = 0
    for level in np.arange(low, high, _SECTION_MM):
        section = _section(volume, plane + level * pose.base, pose)
        mark_papillary(section, _SECTION_PIXEL_MM)
        found += np.count_nonzero(section == ID["papillary_muscle"])
    return found * _SECTION_PIXEL_MM**2 * _SECTION_MM / 1e3


def _centres(
    pose: Pose,
    ed: np.ndarray,
    es: np.ndarray,
    parameters: PopulationParameters,
    n_slices: int | None,
) -> np.ndarray:
    """Levels of the slices' centres along the LV's axis, mm from its middle, evenly spaced, apex
    first."""
    spacing = parameters.slice_spacing_mm
    bounds = np.array([pose.heights(volume, (1,)) for volume in (ed, es)])
    low, high = bounds[:, 0].max(), bounds[:, 1].min()
    if n_slices is not None:
        return low + (high - low) * (np.arange(n_slices) + 0.5) / n_slices
    if parameters.stack == "full":
        low, high = pose.heights(ed, (1, 2))[0], bounds[0, 1]
        count = int(np.ceil((high - low) / spacing))
        return (low + high) / 2 + spacing * (np.arange(count) - (count - 1) / 2)
    return (low + high) / 2 + spacing * (np.arange(MIDDLE_SLICES) - (MIDDLE_SLICES - 1) / 2)


def _short_axis(
    frames: Iterator[np.ndarray],
    n_frames: int,
    series: XcatSeries,
    pose: Pose,
    centres: np.ndarray,
    parameters: PopulationParameters,
) -> Image:
    plane, n = _plane(pose, parameters.field_of_view_mm, parameters.voxel_mm)
    offsets = (
        (np.arange(parameters.sub_slices) + 0.5) / parameters.sub_slices - 0.5
    ) * parameters.slice_thickness_mm
    maps = np.empty((n, n, len(centres), n_frames, parameters.sub_slices), np.uint8)
    for p, volume in enumerate(frames):
        for k, s in np.ndindex(len(centres), parameters.sub_slices):
            section = _section(volume, plane + (centres[k] + offsets[s]) * pose.base, pose)
            if _has_papillary(series):
                mark_papillary(section, parameters.voxel_mm)
            maps[:, :, k, p, s] = section
    spacing = centres[1] - centres[0] if len(centres) > 1 else parameters.slice_spacing_mm
    right, down = frame_of(pose.base)
    affine = np.eye(4)
    affine[:3, :3] = np.stack(
        [right * parameters.voxel_mm, down * parameters.voxel_mm, pose.base * spacing], axis=1
    )
    affine[:3, 3] = plane[0, 0] + centres[0] * pose.base
    return Image(maps, affine)


def _plane(pose: Pose, extent_mm: float, pixel_mm: float) -> tuple[np.ndarray, int]:
    """(positions (x, y, 3), RAS mm, of a short-axis plane through the middle of the cavity; its
    edge in pixels)."""
    right, down = frame_of(pose.base)
    n = round(extent_mm / pixel_mm)
    axis = (np.arange(n) - (n - 1) / 2) * pixel_mm
    return axis[:, None, None] * right + axis[None, :, None] * down + pose.middle, n


def _section(volume: np.ndarray, positions: np.ndarray, pose: Pose) -> np.ndarray:
    """Structure numbers (x, y) of the voxels nearest to ``positions``; air outside the volume."""
    index = positions @ np.linalg.inv(pose.axes).T
    return map_coordinates(
        volume, np.moveaxis(index[..., ::-1], -1, 0), order=0, mode="constant", output=np.uint8
    )
