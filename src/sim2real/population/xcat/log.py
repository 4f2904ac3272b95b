"""The log of an XCAT run: what it says of each frame, and whether a reading agrees.

The frame's sum of activities is printed whole and the chambers' volumes are counts of its voxels,
both found so in genuine logs. The log's own table of activities leaves organs out and renames
others, so activities are never taken from here.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ...data.errors import Sim2RealError

# relative; the sums of genuine logs agree to the last digit where activities are whole numbers
SUM_TOLERANCE = 1e-4
VOLUME_TOLERANCE = (
    0.02  # relative, and never under VOLUME_FLOOR_ML: XCAT adds voxels up in single precision
)
VOLUME_FLOOR_ML = 0.5
_CHAMBERS = {
    "lv_blood": "LV chamber",
    "rv_blood": "RV chamber",
    "left_atrium": "LA chamber",
    "right_atrium": "RA chamber",
}
_GEOMETRY = {
    "pixel_width": r"pixel width",
    "slice_width": r"slice width",
    "array_size": r"array_size",
    "startslice": r"starting slice number",
    "endslice": r"ending slice number",
}


@dataclass(frozen=True)
class XcatLog:
    """Geometry by the ``.par``'s names, lengths in cm; by frame, from 1: sum of activities, and
    chamber volumes in ml by structure."""

    path: Path
    geometry: dict[str, float]
    sums: dict[int, float]
    volumes: dict[int, dict[str, float]]

    def states(self, frame: int) -> bool:
        return frame in self.sums and {"lv_blood", "rv_blood"} <= self.volumes.get(frame, {}).keys()

    def check_geometry(self, par: Path, geometry: dict[str, float]) -> None:
        """The ``.par`` must be the one of this run; XCAT's command line overrules a ``.par``, so
        the two can differ."""
        for name, stated in self.geometry.items():
            if name in geometry and abs(geometry[name] - stated) > 1e-4 + 1e-6 * abs(stated):
                raise Sim2RealError(
                    f"{self.path}: states {name} {stated:g}, {par.name} {geometry[name]:g};"
                    " expected the log and the .par of one run, put the values the run was made"
                    " with into the .par"
                )

    def check_frame(
        self, path: Path, frame: int, total: float, millilitres: dict[str, float]
    ) -> None:
        """Raise Sim2RealError when the frame as read is not the one the log tells of; what the log
        leaves out is not checked."""
        stated = self.sums.get(frame, total)
        if abs(total - stated) > SUM_TOLERANCE * max(abs(stated), 1):
            raise Sim2RealError(
                f"{path}: the activities add up to {total:.1f}; expected {stated:.1f}, as"
                f" {self.path.name} states for frame {frame}; copy the frame and the log of one run"
                " again"
            )
        for structure, found in millilitres.items():
            stated = self.volumes.get(frame, {}).get(structure, found)
            if abs(found - stated) > max(VOLUME_TOLERANCE * stated, VOLUME_FLOOR_ML):
                raise Sim2RealError(
                    f"{path}: {found:.1f} ml of {structure}; expected {stated:.1f} ml, as"
                    f" {self.path.name} states for frame {frame}; check that the .par is the run's"
                    " and that no organ shares its activity"
                )


def read_log(path: Path) -> XcatLog | None:
    """The log at ``path``; None when there is none."""
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    head, *frames = re.split(r"CREATING FRAME #(\d+)", text)
    geometry = {}
    for name, words in _GEOMETRY.items():
        if match := re.search(rf"^\s*{words}\s*=\s*([-+.\deE]+)", head, re.MULTILINE):
            geometry[name] = _float(match[1], path, name)
    sums, volumes = {}, {}
    for k, part in zip(map(int, frames[::2]), frames[1::2], strict=True):
        if match := re.search(r"^\s*Total activity\s*=\s*([-+.\deE]+)", part, re.MULTILINE):
            sums[k] = _float(match[1], path, "Total activity")
        found = {
            name: re.search(rf"Volume of {words}\s*=\s*([-+.\deE]+)\s*ml", part)
            for name, words in _CHAMBERS.items()
        }
        volumes[k] = {name: _float(match[1], path, name) for name, match in found.items() if match}
    return XcatLog(path, geometry, sums, volumes)


def _float(text: str, path: Path, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Sim2RealError(
            f"{path}: {name} = {text} is no number; copy the log again, or take it away to read"
            " without it"
        ) from None
