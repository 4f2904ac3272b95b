"""Genuine XCAT output, read as it is: the ``.par`` that made it, its log, and one activity volume a frame."""

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import map_coordinates

from ..core.errors import Sim2RealError
from ..core.images import Image
from ..core.parameters import PopulationParameters
from .structures import ID, STRUCTURES, labels_of

_ORGANS = pd.read_csv(files("sim2real.population").joinpath("xcat_organs.csv"))
_STRUCTURE_OF = dict(zip(_ORGANS["parameter"].str.lower(), _ORGANS["structure"], strict=True))
_LANDMARKS = ("liver", "vertebra")  # they tell how the body lies, so nothing else may be taken for them
_KIND_OF = {row.name: (row.name if row.name in _LANDMARKS else "", row.tissue, row.label) for row in STRUCTURES.itertuples(index=False)}


@dataclass(frozen=True)
class XcatSeries:
    """What a ``.par`` says of its volumes. Lengths in mm."""

    par: Path
    values: dict[str, str]
    n: int
    n_slices: int
    pixel_mm: float
    slice_mm: float
    frames: list[Path]  # activity volumes in order of time

    def read_frame(self, k: int) -> np.ndarray:
        """Structure numbers of frame ``k``, uint8, shape (z, y, x); activities become structures by the ``.par``'s own table."""
        path = self.frames[k]
        expected = self.n_slices * self.n * self.n
        if path.stat().st_size != 4 * expected:
            raise Sim2RealError(f"{path}: {path.stat().st_size} bytes; expected {self.n_slices} x {self.n} x {self.n} x 4 = {4 * expected}")
        volume = np.fromfile(path, "<f4").reshape(self.n_slices, self.n, self.n)
        known, numbers = self.activities()
        values, inverse = np.unique(volume, return_inverse=True)
        nearest = np.abs(known[None] - values[:, None]).argmin(axis=1)
        off = ~(np.abs(known[nearest] - values) <= 1e-4 * np.maximum(1, np.abs(values)))  # a NaN is off, too
        if off.any():
            raise Sim2RealError(
                f"{path}: holds the activity {values[off][0]:g}, which {self.par.name} gives to no organ; expected the .par that made it"
            )
        return numbers[nearest][inverse].reshape(volume.shape).astype(np.uint8)

    def activities(self) -> tuple[np.ndarray, np.ndarray]:
        """(activities, structure numbers), one entry for each distinct activity, 0 being air.

        Raises Sim2RealError when one activity would have to be two tissues that the label map keeps apart.
        """
        owner: dict[float, tuple[str, str]] = {0.0: ("background", "air")}
        for name, text in self.values.items():
            structure = _STRUCTURE_OF.get(name.lower())
            if structure is None:
                continue
            value = _number(text, self.par, name)
            if value != 0.0 and value in owner and _KIND_OF[owner[value][1]] != _KIND_OF[structure]:
                raise Sim2RealError(f"{self.par}: {owner[value][0]} and {name} share the activity {value:g} but are "
                                    f"{owner[value][1]} and {structure}; give each its own value and run XCAT again")  # fmt: skip
            owner.setdefault(value, (name, structure))
        return np.array(list(owner)), np.array([ID[structure] for _, structure in owner.values()])


def find_xcat_subjects(root: Path | str) -> list[Path]:
    """Every ``.par`` under ``root`` that has activity volumes beside it."""
    root = Path(root)
    if not root.is_dir():
        raise Sim2RealError(f"{root}: no such folder; population.xcat_root must name the folder of XCAT output")
    found = [path for path in sorted(root.rglob("*.par")) if any(_frame_number(volume) for volume in path.parent.glob("*_act_*.bin"))]
    if not found:
        raise Sim2RealError(f"{root}: holds no .par file with *_act_<frame>.bin volumes beside it; copy the XCAT output and its .par here")
    names = [_name_of(path) for path in found]
    for name in names:
        if names.count(name) > 1:
            twice = [str(path) for path in found if _name_of(path) == name]
            raise Sim2RealError(
                f"{twice[0]} and {twice[1]} are both of a subject '{name}'; expected one .par a folder, folders of different names"
            )
    return found


def _name_of(par: Path) -> str:
    return par.parent.name or par.stem


def _frame_number(path: Path) -> int | None:
    match = re.search(r"_act_(\d+)\.bin$", path.name)
    return int(match[1]) if match else None


def open_xcat(par: Path) -> XcatSeries:
    """Parameters and frames; volumes are not read yet."""
    values = {}
    for line in par.read_text(encoding="utf-8", errors="replace").splitlines():
        match = re.match(r"\s*([A-Za-z_]\w*)\s*=\s*([^\s#]+)", line)
        if match:
            values[match[1]] = match[2]
    geometry = {}
    for name in ("array_size", "startslice", "endslice", "pixel_width", "slice_width"):
        if name not in values:
            raise Sim2RealError(f"{par}: has no line '{name} = ...'; expected the general parameters of an XCAT run")
        geometry[name] = _number(values[name], par, name)
    if values.get("color_code", "0") == "1":
        raise Sim2RealError(f"{par}: color_code = 1 writes numbers of XCAT's own instead of activities; run XCAT again with color_code = 0")
    if geometry["array_size"] < 1 or geometry["endslice"] < geometry["startslice"]:
        raise Sim2RealError(f"{par}: array_size {geometry['array_size']:g}, slices {geometry['startslice']:g} to {geometry['endslice']:g}; "
                            "expected at least one voxel")  # fmt: skip
    volumes = [path for path in par.parent.glob("*_act_*.bin") if _frame_number(path) is not None]
    if not volumes:
        raise Sim2RealError(f"{par.parent}: holds no *_act_<frame>.bin volume; copy the XCAT output beside its .par")
    stems = {re.sub(r"_act_\d+\.bin$", "", path.name) for path in volumes}
    if len(stems) > 1:
        raise Sim2RealError(
            f"{par.parent}: holds volumes of several runs ({', '.join(sorted(stems))}); put each subject into a folder of its own"
        )
    frames = {_frame_number(path): path for path in volumes}
    missing = [k for k in range(1, max(frames) + 1) if k not in frames]
    if missing:
        raise Sim2RealError(f"{par.parent}: frame {missing[0]} of {max(frames)} is missing; expected {min(stems)}_act_{missing[0]}.bin")
    n_slices = int(geometry["endslice"] - geometry["startslice"]) + 1
    return XcatSeries(par, values, int(geometry["array_size"]), n_slices, 10 * geometry["pixel_width"], 10 * geometry["slice_width"],
                      [frames[k] for k in sorted(frames)])  # fmt: skip


def read_xcat_subject(par: Path, parameters: PopulationParameters) -> tuple[dict, Image]:
    """(row of the subjects' table, structure maps (x, y, slice, phase, sub_slice)) of one XCAT subject.

    ED is the frame with the largest LV cavity, ES the one with the smallest. The LV's axis is found from the labels.
    """
    series = open_xcat(par)
    volumes = [series.read_frame(k) for k in range(len(series.frames))]
    cavity = [int((labels_of(volume) == 1).sum()) for volume in volumes]
    if min(cavity) == 0:
        raise Sim2RealError(f"{par}: frame {cavity.index(0) + 1} holds no LV cavity; check hrt_bldplLV_act in the .par")
    for value, name in ((2, "hrt_myoLV_act"), (3, "hrt_bldplRV_act")):
        if not (labels_of(volumes[0]) == value).any():
            raise Sim2RealError(f"{par}: no voxel has the activity of {name}; check it in the .par, 0 is air")
    ed, es = volumes[int(np.argmax(cavity))], volumes[int(np.argmin(cavity))]
    structures = _short_axis([ed, es], series, parameters)
    millilitres = series.pixel_mm**2 * series.slice_mm / 1e3
    count = lambda volume, value: float((labels_of(volume) == value).sum() * millilitres)  # noqa: E731
    row = {
        "name": _name_of(par), "group": "XCAT",
        "sex": "F" if series.values.get("gender", "0") == "1" else "M",
        "lv_edv_ml": count(ed, 1), "lv_esv_ml": count(es, 1), "lv_mass_g": 1.05 * count(ed, 2),
        "rv_edv_ml": count(ed, 3), "rv_esv_ml": count(es, 3),
    }  # fmt: skip
    for side in ("lv", "rv"):
        row[f"{side}_ef_percent"] = 100 * (1 - row[f"{side}_esv_ml"] / max(row[f"{side}_edv_ml"], 1e-9))
    return row, structures


def _number(text: str, par: Path, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Sim2RealError(f"{par}: {name} = {text} is no number") from None


def _world_affine(volume: np.ndarray, series: XcatSeries) -> np.ndarray:
    """Affine from (x, y, z) voxels to RAS mm, its signs read off the anatomy: the liver lies right and below the LV, the spine behind."""
    index = {name: np.argwhere(volume == ID[name])[:, ::-1] for name in ("lv_blood", *_LANDMARKS)}
    heart = index["lv_blood"].mean(axis=0)

    def sign(name: str, axis: int, expected: float) -> float:
        if len(index[name]) == 0:
            raise Sim2RealError(f"{series.par}: no {name} in the volumes; needed to tell how the body lies, widen startslice to endslice")
        return expected * (np.sign(index[name].mean(axis=0)[axis] - heart[axis]) or 1.0)

    signs = [sign("liver", 0, 1.0), sign("vertebra", 1, -1.0), sign("liver", 2, -1.0)]
    return np.diag([signs[0] * series.pixel_mm, signs[1] * series.pixel_mm, signs[2] * series.slice_mm, 1.0])


def _short_axis(volumes: list[np.ndarray], series: XcatSeries, parameters: PopulationParameters) -> Image:
    affine = _world_affine(volumes[0], series)
    to_world = lambda mask: np.argwhere(mask)[:, ::-1] @ affine[:3, :3].T  # noqa: E731
    wall, blood = to_world(volumes[0] == ID["lv_myocardium"]), to_world(labels_of(volumes[0]) == 1)
    # The wall surrounds the cavity and closes it at the apex: its middle lies nearer the apex than the cavity's.
    everything = np.concatenate([wall, blood])
    _, vectors = np.linalg.eigh(np.cov(everything.T))
    base = vectors[:, -1]
    base *= np.sign((blood.mean(axis=0) - wall.mean(axis=0)) @ base) or 1.0
    right = np.array([-base[2], 0, base[0]])
    right /= np.linalg.norm(right)
    down = np.cross(base, right)

    middle = blood.mean(axis=0)
    heights = [np.sort((to_world(labels_of(volume) == 1) - middle) @ base) for volume in volumes]
    low, high = max(h[0] for h in heights), min(h[-1] for h in heights)
    centres = (low + high) / 2 + parameters.slice_spacing_mm * (np.arange(6) - 2.5)
    n = round(parameters.field_of_view_mm / parameters.voxel_mm)
    axis = (np.arange(n) - (n - 1) / 2) * parameters.voxel_mm
    offsets = ((np.arange(parameters.sub_slices) + 0.5) / parameters.sub_slices - 0.5) * parameters.slice_thickness_mm
    maps = np.empty((n, n, len(centres), len(volumes), parameters.sub_slices), np.uint8)
    inverse = np.linalg.inv(affine[:3, :3])
    plane = axis[:, None, None] * right + axis[None, :, None] * down + middle
    for k, s in np.ndindex(len(centres), parameters.sub_slices):
        at = (plane + (centres[k] + offsets[s]) * base) @ inverse.T
        for p, volume in enumerate(volumes):
            maps[:, :, k, p, s] = map_coordinates(volume, np.moveaxis(at[..., ::-1], -1, 0), order=0, mode="constant")
    stack = np.eye(4)
    stack[:3, :3] = np.stack([right * parameters.voxel_mm, down * parameters.voxel_mm, base * parameters.slice_spacing_mm], axis=1)
    stack[:3, 3] = plane[0, 0] + centres[0] * base
    return Image(maps, stack)
