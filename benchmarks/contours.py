"""Where people draw borders: how far from the contours of the LV's wall and of the RV the signal
is half of the way from that of muscle to that of blood.

    python benchmarks/contours.py FOLDER   people's cases, in M&Ms' or ACDC's layout
    python benchmarks/contours.py RUN      simulated and real images of a run's chapter 3

Of every slice that holds LV, MYO and RV: the median signal in rings of 0.75 mm of distance from a
contour, on the septum towards the RV, on the inside towards the LV, and at the RV's free wall
towards the RV. A simulated map has 0 by definition where nothing blurs it and no muscle stands in
the cavity. At the LV's free wall, where no blood lies outside: how far the signal
1 to 4 mm outside the contour lies from that of muscle, over the contrast of blood to muscle (below
0 is darker). Printed are the median of slices and the 10th and 90th percentile.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import distance_transform_edt as distance

from sim2real.cohort import COHORT, CohortParameters, is_mnms, read_real
from sim2real.data import LV, MYO, PHASES, RV, Image, RunFolder, read_image, read_labels

RINGS_MM = np.arange(-1.5, 5.01, 0.75)
_READERS = ((read_image, "image"), (read_labels, "label"))
FREE_MM = 12  # from the RV, where the wall is free
APART_MM = 8  # from the LV's wall, where the RV's wall is free
CORE_MM = 2.5  # of muscle this far from both contours the signal is muscle's own


def slices_of(place: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """Domain, image and label of every slice with all three structures, and its pixel in mm."""
    for domain, image, label in _stacks(place):
        for plane, drawn in zip(_planes(image), _planes(label), strict=True):
            if all((drawn == value).sum() >= 20 for value in (LV, MYO, RV)):
                yield domain, plane.astype(float), drawn, float(image.spacing_mm[0])


def _planes(stack: Image) -> np.ndarray:
    return np.moveaxis(stack.data, 2, 0)


def _stacks(place: Path) -> Iterator[tuple[str, Image, Image]]:
    if (place / COHORT.name).is_dir():
        for row in RunFolder(place).manifest(COHORT.name, "slices.csv").to_dict("records"):
            yield row["domain"], *(read(place / row[name]) for read, name in _READERS)
        return
    root = "mnms_root" if is_mnms(place) else "acdc_root"
    for case in read_real(CohortParameters(**{root: str(place)}), Path.cwd()).cases:
        for phase in PHASES:
            yield "people", *case.read(phase)


def half_levels(image: np.ndarray, label: np.ndarray, pixel_mm: float) -> dict[str, float]:
    """Distance outwards from the contour to the half level, mm, of both borders; the signal beside
    the free wall."""
    lv, wall, rv = (label == value for value in (LV, MYO, RV))
    heart = lv | wall
    from_lv, from_rv, outside = (distance(~mask) * pixel_mm for mask in (lv, rv, heart))
    inside = distance(heart) * pixel_mm
    core = wall & (inside > CORE_MM) & (from_lv > CORE_MM)
    if core.sum() < 8:
        return {}
    muscle = np.median(image[core])
    elsewhere = distance(heart | rv) * pixel_mm
    on_septum = (wall & (from_rv < elsewhere)) | (rv & (elsewhere > 4))
    signed = {
        "septum": (np.where(heart, -inside, outside) + _half(heart, pixel_mm), on_septum, rv),
        "inside": (
            np.where(lv, pixel_mm * distance(lv), -from_lv) - _half(lv, pixel_mm),
            heart,
            lv,
        ),
        "RV wall": (
            np.where(rv, pixel_mm * distance(rv), -from_rv) - _half(rv, pixel_mm),
            outside > APART_MM,
            rv,
        ),
    }
    blood = np.percentile(image[lv], 60)
    beside = (outside > 1) & (outside < 4) & (from_rv > FREE_MM)
    found = {"free wall": (np.median(image[beside]) - muscle) / (blood - muscle)}
    for border, (towards_blood, where, cavity) in signed.items():
        level = (image - muscle) / (np.percentile(image[cavity], 60) - muscle)
        rings = np.digitize(towards_blood[where], RINGS_MM)
        medians = pd.Series(level[where]).groupby(rings).median()
        medians = medians[(medians.index > 0) & (medians.index < len(RINGS_MM))]
        above = np.flatnonzero(medians.to_numpy() >= 0.5)
        if len(above) and above[0] > 0:
            last = medians.iloc[above[0] - 1 : above[0] + 1].to_numpy()
            share = (0.5 - last[0]) / (last[1] - last[0])
            found[border] = RINGS_MM[medians.index[above[0] - 1] - 1] + 0.75 * (0.5 + share)
    return found


def _half(mask: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Half of a pixel: a contour lies between the centres of pixels."""
    return np.where(mask, 0.5, -0.5) * pixel_mm


def main() -> None:
    rows = [
        {"domain": domain, "border": border, "value": value}
        for domain, *one in slices_of(Path(sys.argv[1]))
        for border, value in half_levels(*one).items()
    ]
    table = pd.DataFrame(rows).groupby(["domain", "border"])["value"]
    print(table.describe(percentiles=[0.1, 0.5, 0.9])[["count", "50%", "10%", "90%"]].round(2))


if __name__ == "__main__":
    main()
