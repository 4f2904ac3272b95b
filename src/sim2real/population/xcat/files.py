"""Genuine XCAT output on disk: the ``.par`` that made it, its log, and one activity volume a
frame."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...data.errors import Sim2RealError
from ..structures import ID
from .blood import separate_blood
from .log import XcatLog, read_log
from .organs import Palette, number, palette_of

_LARGEST = {
    "array_size": 8192,
    "slices": 16384,
    "width_cm": 5.0,
}  # beyond any body, so a slip of the pen


@dataclass(frozen=True)
class XcatSeries:
    """What a ``.par`` says of its volumes. Lengths in mm; shape (z, y, x), x fastest."""

    par: Path
    values: dict[str, str]
    shape: tuple[int, int, int]
    pixel_mm: float
    slice_mm: float
    frames: tuple[Path, ...]  # activity volumes in order of time
    palette: Palette
    log: XcatLog | None

    @property
    def voxel_ml(self) -> float:
        return self.pixel_mm**2 * self.slice_mm / 1e3

    @property
    def spacing_mm(self) -> np.ndarray:
        """Along x, y and z."""
        return np.array([self.pixel_mm, self.pixel_mm, self.slice_mm])

    def read_frame(self, k: int) -> np.ndarray:
        """Structure numbers of frame ``k``, uint8, shape (z, y, x); activities become structures by
        the ``.par``'s own table.

        Read slice by slice, so that no second copy of the activities is ever held. Raises
        Sim2RealError for an activity the ``.par`` does not know, for blood that cannot be told
        apart, and where the log contradicts.
        """
        path, total = self.frames[k], 0.0
        volume = np.empty(self.shape, np.uint8)
        with open(path, "rb") as file:
            for z in range(self.shape[0]):
                activities = np.fromfile(file, "<f4", self.shape[1] * self.shape[2]).reshape(
                    self.shape[1:]
                )
                volume[z], known = self.palette.structures(activities)
                if not known.all():
                    self._refuse(path, activities[~known][0])
                total += float(activities.sum(dtype=np.float64))
        for shared, structures in self.palette.shared.items():
            proven = self.log is not None and self.log.states(k + 1)
            separate_blood(volume, shared, structures, self.spacing_mm, path, proven)
        if self.log:
            millilitres = {
                name: np.count_nonzero(volume == ID[name]) * self.voxel_ml
                for name in self._chambers()
            }
            self.log.check_frame(path, k + 1, total, millilitres)
        return volume

    def _chambers(self) -> list[str]:
        """The ventricles, and the atria where they had to be told apart from them."""
        shared = {name for structures in self.palette.shared.values() for name in structures}
        return [
            "lv_blood",
            "rv_blood",
            *(name for name in ("left_atrium", "right_atrium") if name in shared),
        ]

    def _refuse(self, path: Path, activity: float) -> None:
        raise Sim2RealError(
            f"{path}: holds the activity {activity:g}, which {self.par.name} gives to no organ;"
            " expected the .par that made it, with a line for every organ: XCAT gives 2 to those"
            " that a .par leaves out"
        )


def find_xcat_subjects(root: Path | str) -> list[Path]:
    """Every ``.par`` under ``root`` that has activity volumes beside it, one a folder."""
    root = Path(root)
    if not root.is_dir():
        raise Sim2RealError(
            f"{root}: no such folder; population.xcat_root must name the folder of XCAT output"
        )
    folders = sorted({path.parent for path in root.rglob("*_act_*.bin") if _frame_number(path)})
    found = [path for folder in folders for path in sorted(folder.glob("*.par"))]
    if not found:
        raise Sim2RealError(
            f"{root}: holds no .par file with *_act_<frame>.bin volumes beside it; copy the XCAT"
            " output and its .par here"
        )
    alone = [folder for folder in folders if folder not in {path.parent for path in found}]
    if alone:
        raise Sim2RealError(
            f"{alone[0]}: holds *_act_<frame>.bin volumes but no .par; expected the .par that made"
            " them, copy it here"
        )
    names = [name_of(path) for path in found]
    for name in names:
        if names.count(name) > 1:
            twice = [str(path) for path in found if name_of(path) == name]
            raise Sim2RealError(
                f"{twice[0]} and {twice[1]} are both of a subject '{name}'; expected one .par a"
                " folder, folders of different names"
            )
    return found


def name_of(par: Path) -> str:
    return par.parent.name or par.stem


def read_par(path: Path) -> dict[str, str]:
    """Names and values of a ``.par``: lines ``name = value  # comment``, in the file's order."""
    content = path.read_bytes()
    if b"\0" in content:
        raise Sim2RealError(
            f"{path}: is no text; expected the lines 'name = value' of an XCAT .par, copy it again"
        )
    values = {}
    for line in content.decode("utf-8", errors="replace").splitlines():
        match = re.match(r"\s*([A-Za-z_]\w*)\s*=\s*([^\s#]+)", line)
        if match:
            values[match[1]] = match[2]
    return values


def open_xcat(par: Path) -> XcatSeries:
    """Parameters, frames and log; volumes are not read yet. Raises Sim2RealError, in one line, for
    what cannot be read later."""
    values = read_par(par)
    geometry = _geometry(values, par)
    _refuse_formats(values, par)
    frames, stem = _frames(par, values)
    log = read_log(par.parent / f"{stem}_log")
    if log:
        log.check_geometry(par, geometry)
    shape = (
        int(geometry["endslice"] - geometry["startslice"]) + 1,
        int(geometry["y_array_size"]),
        int(geometry["x_array_size"]),
    )
    expected = 4 * shape[0] * shape[1] * shape[2]
    for path in frames:
        if path.stat().st_size != expected:
            raise Sim2RealError(
                f"{path}: {path.stat().st_size} bytes; expected {shape[0]} x {shape[1]} x"
                f" {shape[2]} x 4 = {expected}, by the .par's slices and array_size; copy the file"
                " again or correct the .par"
            )
    palette = palette_of(values, par)
    if (
        number(values.get("activity_unit", "0"), par, "activity_unit") == 1
    ):  # then XCAT writes activities times the voxel's volume
        palette = replace(
            palette, values=palette.values * geometry["pixel_width"] ** 2 * geometry["slice_width"]
        )
    return XcatSeries(
        par,
        values,
        shape,
        10 * geometry["pixel_width"],
        10 * geometry["slice_width"],
        frames,
        palette,
        log,
    )


def _geometry(values: dict[str, str], par: Path) -> dict[str, float]:
    """Sizes by their names in the ``.par``; later releases of XCAT 2 give x and y a size each."""
    values = dict(values)
    for side in ("x_array_size", "y_array_size"):
        values.setdefault(side, values.get("array_size", ""))
    geometry = {}
    for name in (
        "x_array_size",
        "y_array_size",
        "startslice",
        "endslice",
        "pixel_width",
        "slice_width",
    ):
        if not values.get(name):
            told = "array_size" if name.endswith("array_size") else name
            raise Sim2RealError(
                f"{par}: has no line '{told} = ...'; expected the general parameters of an XCAT run"
            )
        geometry[name] = number(values[name], par, name)
        if name.endswith("_width") and not 0 < geometry[name] <= _LARGEST["width_cm"]:
            raise Sim2RealError(
                f"{par}: {name} = {geometry[name]:g}; expected cm, above 0 and at most"
                f" {_LARGEST['width_cm']:g}"
            )
        if not name.endswith("_width") and geometry[name] != round(geometry[name]):
            raise Sim2RealError(f"{par}: {name} = {geometry[name]:g}; expected a whole number")
        if name.endswith("array_size") and not 1 <= geometry[name] <= _LARGEST["array_size"]:
            raise Sim2RealError(
                f"{par}: array_size {geometry[name]:g}; expected at least one voxel and at most"
                f" {_LARGEST['array_size']}"
            )
    if not 1 <= geometry["endslice"] - geometry["startslice"] + 1 <= _LARGEST["slices"]:
        raise Sim2RealError(
            f"{par}: slices {geometry['startslice']:g} to {geometry['endslice']:g}; expected at"
            f" least one voxel and at most {_LARGEST['slices']} slices"
        )
    if geometry["x_array_size"] == geometry["y_array_size"]:
        geometry["array_size"] = geometry["x_array_size"]
    return geometry


def _refuse_formats(values: dict[str, str], par: Path) -> None:
    """Kinds of output that are no activities in float32."""
    for name, wanted, why in (
        ("color_code", 0, "writes numbers of XCAT's own instead of activities"),
        ("activiv_output_format", 0, "writes whole numbers of 16 or 8 bits"),
        ("subvoxel_index", 1, "mixes the activities of several organs in a voxel"),
    ):
        value = number(values.get(name, str(wanted)), par, name)
        if value != wanted:
            raise Sim2RealError(
                f"{par}: {name} = {value:g} {why}; run XCAT again with {name} = {wanted}"
            )


def _frames(par: Path, values: dict[str, str]) -> tuple[tuple[Path, ...], str]:
    """(volumes in order of time, what their names begin with)."""
    volumes = {
        path: _frame_number(path) for path in par.parent.glob("*_act_*.bin") if _frame_number(path)
    }
    if not volumes:
        raise Sim2RealError(
            f"{par.parent}: holds no *_act_<frame>.bin volume; copy the XCAT output beside its .par"
        )
    stems = sorted({re.sub(r"_act_\d+\.bin$", "", path.name) for path in volumes})
    if len(stems) > 1:
        raise Sim2RealError(
            f"{par.parent}: holds volumes of several runs ({', '.join(stems)}); put each subject"
            " into a folder of its own"
        )
    frames = {k: path for path, k in volumes.items()}
    wanted = max(frames)
    if "out_frames" in values:
        wanted = max(wanted, int(number(values["out_frames"], par, "out_frames")))
    missing = next((k for k in range(1, wanted + 1) if k not in frames), None)
    if missing:
        raise Sim2RealError(
            f"{par.parent}: frame {missing} of {wanted} is missing; expected"
            f" {stems[0]}_act_{missing}.bin, copy it here"
        )
    if "out_frames" in values and len(frames) > number(values["out_frames"], par, "out_frames"):
        raise Sim2RealError(
            f"{par.parent}: holds {len(frames)} frames; expected {values['out_frames']}, as"
            f" out_frames in {par.name} states; take away those of another run"
        )
    return tuple(frames[k] for k in sorted(frames)), stems[0]


def _frame_number(path: Path) -> int | None:
    match = re.search(r"_act_(\d+)\.bin$", path.name)
    return int(match[1]) if match else None
