"""Genuine XCAT output on disk: the ``.par`` that made it, and one activity volume a frame."""

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...data import Sim2RealError, refuse
from .organs import Palette, number, palette_of

_HIGHEST = {  # beyond any body, so a slip of the pen; widths in cm
    "x_array_size": 8192,
    "y_array_size": 8192,
    "startslice": 16384,
    "endslice": 16384,
    "pixel_width": 5.0,
    "slice_width": 5.0,
}


@dataclass(frozen=True)
class XcatSeries:
    """What a ``.par`` says of its volumes. Lengths in mm; shape (z, y, x), x fastest."""

    par: Path
    values: dict[str, str]
    shape: tuple[int, int, int]
    spacing_mm: np.ndarray  # along x, y and z
    frames: tuple[Path, ...]  # activity volumes in order of time
    palette: Palette

    @property
    def voxel_ml(self) -> float:
        return float(self.spacing_mm.prod()) / 1e3

    def flag(self, name: str) -> bool:
        """Whether a parameter of the ``.par`` is 1."""
        return number(self.values.get(name, "0"), self.par, name) == 1

    def read_frame(self, k: int) -> np.ndarray:
        """Structure numbers of frame ``k``, by the ``.par``'s own table of activities.

        Read slice by slice, so that no second copy of the activities is ever held.

        Returns:
            uint8, shape (z, y, x).

        Raises:
            Sim2RealError: for an activity the ``.par`` does not know.
        """
        path, volume = self.frames[k], np.empty(self.shape, np.uint8)
        with open(path, "rb") as file:
            for plane in volume:
                activities = np.fromfile(file, "<f4", plane.size).reshape(plane.shape)
                plane[:], known = self.palette.structures(activities)
                if not known.all():
                    raise Sim2RealError(
                        f"{path}: holds the activity {activities[~known][0]:g}, which"
                        f" {self.par.name} gives to no organ; expected the .par that made it, with"
                        " a line for every organ: XCAT gives 2 to those that a .par leaves out"
                    )
        return volume


def find_xcat_subjects(root: Path | str) -> list[Path]:
    """Every ``.par`` under ``root`` that has activity volumes beside it, one a folder."""
    root = Path(root)
    refuse(
        not root.is_dir(),
        f"{root}: no such folder; population.xcat_root must name the folder of XCAT output",
    )
    folders = sorted({path.parent for path in root.rglob("*_act_*.bin") if _frame_number(path)})
    pars = [path for folder in folders for path in sorted(folder.glob("*.par"))]
    refuse(
        not pars,
        f"{root}: holds no .par file with *_act_<frame>.bin volumes beside it; copy the XCAT"
        " output and its .par here",
    )
    for folder in folders:
        refuse(
            folder not in {path.parent for path in pars},
            f"{folder}: holds *_act_<frame>.bin volumes but no .par; expected the .par that"
            " made them, copy it here",
        )
    name, count = Counter(map(name_of, pars)).most_common(1)[0]
    if count > 1:
        first, second, *_ = (path for path in pars if name_of(path) == name)
        raise Sim2RealError(
            f"{first} and {second} are both of a subject '{name}'; expected one .par a folder,"
            " folders of different names"
        )
    return pars


def name_of(par: Path) -> str:
    """The subject's name: that of its folder."""
    return par.parent.name or par.stem


def read_par(path: Path) -> dict[str, str]:
    """Names and values of a ``.par``: lines ``name = value  # comment``, in the file's order."""
    content = path.read_bytes()
    refuse(
        b"\0" in content,
        f"{path}: is no text; expected the lines 'name = value' of an XCAT .par, copy it again",
    )
    lines = content.decode("utf-8", errors="replace").splitlines()
    matches = (re.match(r"\s*([A-Za-z_]\w*)\s*=\s*([^\s#]+)", line) for line in lines)
    return {match[1]: match[2] for match in matches if match}


def open_xcat(par: Path) -> XcatSeries:
    """Parameters and frames; volumes are not read yet.

    Raises:
        Sim2RealError: for what cannot be read later.
    """
    values = read_par(par)
    geometry = _geometry(values, par)
    _refuse_formats(values, par)
    frames = _frames(par, values)
    n_slices = geometry["endslice"] - geometry["startslice"] + 1
    shape = tuple(map(int, (n_slices, geometry["y_array_size"], geometry["x_array_size"])))
    expected = 4 * math.prod(shape)
    for path in frames:
        refuse(
            path.stat().st_size != expected,
            f"{path}: {path.stat().st_size} bytes; expected {shape[0]} x {shape[1]} x"
            f" {shape[2]} x 4 = {expected}, by the .par's slices and array_size; copy the file"
            " again or correct the .par",
        )
    palette = palette_of(values, par)
    if number(values.get("activity_unit", "0"), par, "activity_unit") == 1:
        # then XCAT writes activities times the voxel's volume
        voxel = geometry["pixel_width"] ** 2 * geometry["slice_width"]
        palette = replace(palette, values=palette.values * voxel)
    widths = ("pixel_width", "pixel_width", "slice_width")
    spacing_mm = 10 * np.array([geometry[name] for name in widths])
    return XcatSeries(par, values, shape, spacing_mm, frames, palette)


def _geometry(values: dict[str, str], par: Path) -> dict[str, float]:
    """Sizes by their names in the ``.par``; later releases of XCAT 2 give x and y a size each."""
    sizes = dict.fromkeys(("x_array_size", "y_array_size"), values.get("array_size", ""))
    values, geometry = sizes | values, {}
    for name, highest in _HIGHEST.items():
        spelling = "array_size" if name.endswith("array_size") else name
        refuse(
            not values.get(name),
            f"{par}: has no line '{spelling} = ...'; expected the general parameters of an XCAT"
            " run",
        )
        value = geometry[name] = number(values[name], par, spelling)
        refuse(
            not name.endswith("_width") and value != round(value),
            f"{par}: {spelling} = {value:g}; expected a whole number",
        )
        refuse(
            value > highest or value <= 0,
            f"{par}: {spelling} = {value:g}; expected above 0 and at most {highest:g}",
        )
    refuse(
        geometry["endslice"] < geometry["startslice"],
        f"{par}: slices {geometry['startslice']:g} to {geometry['endslice']:g}; expected at"
        " least one",
    )
    return geometry


def _refuse_formats(values: dict[str, str], par: Path) -> None:
    """Kinds of output that are no activities in float32."""
    for name, needed, why in (
        ("color_code", 0, "writes numbers of XCAT's own instead of activities"),
        ("activiv_output_format", 0, "writes whole numbers of 16 or 8 bits"),
        ("subvoxel_index", 1, "mixes the activities of several organs in a voxel"),
    ):
        value = number(values.get(name, str(needed)), par, name)
        refuse(
            value != needed,
            f"{par}: {name} = {value:g} {why}; run XCAT again with {name} = {needed}",
        )


def _frames(par: Path, values: dict[str, str]) -> tuple[Path, ...]:
    """The volumes in order of time."""
    folder = par.parent
    frames = [path for path in folder.glob("*_act_*.bin") if _frame_number(path)]
    refuse(
        not frames,
        f"{folder}: holds no *_act_<frame>.bin volume; copy the XCAT output beside its .par",
    )
    stems = sorted({re.sub(r"_act_\d+\.bin$", "", frame.name) for frame in frames})
    refuse(
        len(stems) > 1,
        f"{folder}: holds volumes of several runs ({', '.join(stems)}); put each subject into a"
        " folder of its own",
    )
    frames.sort(key=_frame_number)
    numbers = list(map(_frame_number, frames))
    stated = number(values.get("out_frames", numbers[-1]), par, "out_frames")
    last = max(numbers[-1], int(stated))
    missing = min(set(range(1, last + 1)) - set(numbers), default=None)
    refuse(
        missing,
        f"{folder}: frame {missing} of {last} is missing; expected"
        f" {stems[0]}_act_{missing}.bin, copy it here",
    )
    refuse(
        len(frames) > stated,
        f"{folder}: holds {len(frames)} frames; expected {stated:g}, as out_frames in"
        f" {par.name} states; take away those of another run",
    )
    return tuple(frames)


def _frame_number(path: Path) -> int | None:
    match = re.search(r"_act_(\d+)\.bin$", path.name)
    return int(match[1]) if match else None
