"""The log of an XCAT run: what it says of each frame, and whether a reading agrees.

The frame's sum of activities is printed whole and the chambers' volumes are counts of its voxels,
both found so in genuine logs. The log's own table of activities leaves organs out and renames
others, so activities are never taken from here.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ...data.errors import Sim2RealError
from .organs import number

# relative; the sums of genuine logs agree to the last digit where activities are whole numbers
SUM_TOLERANCE = 1e-4
# relative, and never under VOLUME_FLOOR_ML: XCAT adds voxels up in single precision
VOLUME_TOLERANCE, VOLUME_FLOOR_ML = 0.02, 0.5
_GEOMETRY = {
    "pixel_width": "pixel width",
    "slice_width": "slice width",
    "array_size": "array_size",
    "startslice": "starting slice number",
    "endslice": "ending slice number",
}
_FRAME = {
    "total": "Total activity",
    "lv_blood": "Volume of LV chamber",
    "rv_blood": "Volume of RV chamber",
}


@dataclass(frozen=True)
class XcatLog:
    """Geometry by the ``.par``'s names, lengths in cm; by frame, from 1: sum of activities
    (``total``) and volumes of the ventricles in ml by structure."""

    path: Path
    geometry: dict[str, float]
    frames: dict[int, dict[str, float]]

    def is_complete(self, n_frames: int) -> bool:
        """Whether the log states sum and volumes of each frame."""
        return all(_FRAME.keys() == self.frames.get(k + 1, {}).keys() for k in range(n_frames))

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

    def check_frame(self, path: Path, frame: int, measured: dict[str, float]) -> None:
        """Raise Sim2RealError where the frame as read is not the one the log tells of; what the log
        leaves out is not checked. measured: by the names of ``frames``."""
        for name, stated in self.frames.get(frame, {}).items():
            difference = abs(measured[name] - stated)
            if name == "total" and difference > SUM_TOLERANCE * max(abs(stated), 1):
                raise Sim2RealError(
                    f"{path}: the activities add up to {measured[name]:.1f}; expected"
                    f" {stated:.1f}, as {self.path.name} states for frame {frame}; copy the frame"
                    " and the log of one run again"
                )
            if name != "total" and difference > max(VOLUME_TOLERANCE * stated, VOLUME_FLOOR_ML):
                raise Sim2RealError(
                    f"{path}: {measured[name]:.1f} ml of {name}; expected {stated:.1f} ml, as"
                    f" {self.path.name} states for frame {frame}; check that the .par is the run's"
                )


def read_log(path: Path) -> XcatLog | None:
    """The log at ``path``; None when there is none."""
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    head, *parts = re.split(r"CREATING FRAME #(\d+)", text)
    frames = zip(map(int, parts[::2]), parts[1::2], strict=True)
    return XcatLog(
        path,
        _numbers(head, _GEOMETRY, path),
        {k: _numbers(part, _FRAME, path) for k, part in frames},
    )


def _numbers(text: str, words_of: dict[str, str], path: Path) -> dict[str, float]:
    """The numbers that stand behind words and ``=`` in a text, those that it has."""
    matches = {
        name: re.search(rf"^\s*{words}\s*=\s*([-+.\deE]+)", text, re.MULTILINE)
        for name, words in words_of.items()
    }
    return {name: number(match[1], path, name) for name, match in matches.items() if match}
