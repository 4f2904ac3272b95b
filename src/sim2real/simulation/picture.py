"""A slice whose image the page computes itself: ``contrast.js`` in the book's static files.

Python writes the map of tissues and their relaxation times, and a still of the image at the
protocol of the run, which stands there without a script. A test holds the script's image against
``signal.bssfp_signal``.
"""

import html
import json

import numpy as np

from ..data import Image, RunFolder, png_uri
from ..population import ID, STRUCTURE_TABLE, labels_of
from .cine import WINDOW, structures_of, window_of
from .parameters import SimulationParameters
from .signal import bssfp_signal
from .tables import FAT_SHIFT_PPM, PROTON_MHZ_PER_T
from .tissues import tissue_times

FIELDS_T = (1.5, 3.0)


def tissue_rows(structures: list[int], field_strength_t: float) -> list[dict]:
    """``t1_ms, t2_ms, pd`` of each structure number at a field strength, from the table of tissue
    times, and ``shift_hz``: how far its resonance lies from water's, below 0 for fat."""
    times = tissue_times(field_strength_t).loc[structures]
    fat_hz = FAT_SHIFT_PPM * PROTON_MHZ_PER_T * field_strength_t
    return [
        {
            **{name: float(row[name]) for name in ("t1_ms", "t2_ms", "pd")},
            "shift_hz": fat_hz if row["fat"] else 0.0,
        }
        for _, row in times.iterrows()
    ]


def tissue_magnetisation(
    row: dict,
    flip_angle_deg,
    repetition_time_ms: float,
    off_resonance_hz=0.0,
) -> np.ndarray:
    """Complex signal of one of ``tissue_rows`` at TE = TR/2 without spread of frequencies in a
    voxel; angle and off-resonance of water, in Hz, broadcast."""
    return bssfp_signal(
        row["t1_ms"],
        row["t2_ms"],
        row["pd"],
        flip_angle_deg,
        repetition_time_ms,
        repetition_time_ms / 2,
        np.asarray(off_resonance_hz) + row["shift_hz"],
    )


def middle_slab(structures: Image) -> np.ndarray:
    """The middle slice at the first phase, cut about the heart as the other images are.

    structures: (x, y, slice, phase, sub_slice). Result: structure numbers, (row, column,
    sub_slice), row 0 anterior.
    """
    middle = structures.data.shape[2] // 2
    slab = structures.data[:, :, middle, 0]
    label = labels_of(slab[:, :, None, slab.shape[-1] // 2, None])
    x, y = window_of(Image(label, structures.affine))
    return slab[x, y].transpose(1, 0, 2)


def image_of(
    slab: np.ndarray,
    rows: list[dict],
    voxels: int,
    flip_angle_deg: float,
    repetition_time_ms: float,
) -> np.ndarray:
    """Magnitude on resonance, (row - voxels + 1, column - voxels + 1), as a share of pure water's.

    Args:
        slab: indices into ``rows``, (row, column, sub_slice).
        rows: of ``tissue_rows``.
        voxels: edge of a pixel; it holds the mean of the complex signals of so many voxels along
            rows and columns, and through the slab.
    """
    signals = np.array(
        [tissue_magnetisation(row, flip_angle_deg, repetition_time_ms) for row in rows]
    )
    planes = signals[slab].mean(axis=-1)
    squares = np.lib.stride_tricks.sliding_window_view(planes, (voxels, voxels))
    return np.abs(squares.mean(axis=(-2, -1)))


def runs_of(values: np.ndarray) -> list[int]:
    """Whole numbers row by row as value, length, value, length, ..."""
    flat = values.ravel()
    starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
    return np.column_stack([flat[starts], np.diff(np.r_[starts, len(flat)])]).ravel().tolist()


def picture_html(run: RunFolder, parameters: SimulationParameters, follows: str, alt: str) -> str:
    """The cine's middle slice at end diastole; follows: the ``id`` of the calculator that sets the
    protocol of its image."""
    structures = structures_of(run)
    voxel_mm = float(structures.spacing_mm[0])
    voxels = max(1, round(parameters.acquired_pixel_mm / voxel_mm))
    return slab_html(middle_slab(structures), voxels, parameters, follows, alt)


def slab_html(
    slab: np.ndarray, voxels: int, parameters: SimulationParameters, follows: str, alt: str
) -> str:
    """As ``picture_html``; slab: structure numbers, (row, column, sub_slice); voxels: edge of a
    pixel.

    The page holds tissues, not structures, each mixture of them through the slab once, and the map
    as runs of mixtures.
    """
    first = STRUCTURE_TABLE.groupby("tissue")["id"].transform("min").to_numpy()
    numbers, tissues = np.unique(first[slab], return_inverse=True)
    tissues = tissues.reshape(slab.shape)
    mixtures, places = np.unique(tissues.reshape(-1, slab.shape[-1]), axis=0, return_inverse=True)
    blood = tissue_rows([ID["lv_blood"]], parameters.field_strength_t)[0]
    protocol = (parameters.flip_angle_deg, parameters.repetition_time_ms)
    white = WINDOW * float(abs(tissue_magnetisation(blood, *protocol)))
    at_field = {f"{field:g}": tissue_rows(numbers.tolist(), field) for field in FIELDS_T}
    given = {
        "fields": at_field,
        "mixtures": mixtures.tolist(),
        "runs": runs_of(places),
        "rows": slab.shape[0],
        "columns": slab.shape[1],
        "voxels": voxels,
        "white": white,
    }
    rows = at_field[f"{parameters.field_strength_t:g}"]
    still = image_of(tissues, rows, voxels, *protocol) / white
    height, width = still.shape
    described = html.escape(alt, quote=True)
    return (
        f'<div class="contrast-picture" data-follows="{follows}"><script type="application/json">'
        f'{json.dumps(given, separators=(",", ":"))}</script><img class="contrast-still"'
        f' width="{2 * width}" height="{2 * height}" alt="{described}"'
        f' src="{png_uri(still)}"><canvas width="{width}" height="{height}"'
        f' role="img" aria-label="{described}" hidden></canvas></div>'
    )
