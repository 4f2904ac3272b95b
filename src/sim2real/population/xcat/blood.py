"""Blood that shares one activity, told apart by where it lies: the ventricles by the walls they
border, the rest by their side.

Only separate parts are told apart. A ventricle that runs into its atrium through an open valve, or
into the aorta, is one part with it, and no rule by shape would be safe: then the reading is
refused, unless the log's volumes prove the ventricle to be right.
"""

from pathlib import Path

import numpy as np
from scipy.ndimage import label
from scipy.spatial import cKDTree

from ...data.errors import Sim2RealError
from ..structures import ID

# share of the blood above which a part is a chamber; smaller ones, cut off by papillary muscle,
# join the nearest
LARGE = 0.02
SPECKS = 0.05  # most blood that may lie in such small parts
# least share of the LV's surface on the LV's wall; a genuine heart has 0.91 to 0.98, and 0.20 of
# its RV's
ENCLOSED = 0.6
# least share of the RV's surface on the RV's wall; the same heart has 0.68, and 0.19 of its right
# atrium's
OWN_WALL = 0.4
_LEFT, _RIGHT = ("left_atrium", "aorta"), ("right_atrium", "vena_cava")


def separate_blood(
    volume: np.ndarray,
    shared: int,
    structures: tuple[str, ...],
    spacing_mm: np.ndarray,
    path: Path,
    proven: bool,
) -> None:
    """Give every voxel ``shared`` of ``volume``, (z, y, x), one of ``structures``, in place.

    spacing_mm: along x, y, z. proven: the log will check the volumes, so a structure may be missing
    (outside the slices, say). Raises Sim2RealError when the parts and the structures do not match
    one to one.
    """
    box = _box(volume == shared)
    if box is None:
        return
    view = volume[box]
    parts, count = label(view == shared)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    large = [int(k) for k in np.argsort(sizes)[::-1] if sizes[k] >= LARGE * sizes.sum()]
    if sizes[large].sum() < (1 - SPECKS) * sizes.sum():
        raise _mixed(path, structures, f"parts: {count}, with too much of it in small ones")
    owner = _owners(view, parts, large, structures, path, proven)
    number = np.zeros(count + 1, np.uint8)
    for k, structure in owner.items():
        number[k] = ID[structure]
    _join_specks(parts, sizes, large, number, spacing_mm)
    inside = parts > 0
    view[inside] = number[parts[inside]]


def _owners(view, parts, large, structures, path, proven) -> dict[int, str]:
    """Part to structure."""
    touch = _surfaces(view, parts, large)
    left, owner = list(large), {}
    if "lv_blood" in structures:
        enclosed = [k for k in left if touch[k]["lv_myocardium"] >= ENCLOSED]
        if len(enclosed) != 1:
            raise _mixed(
                path,
                structures,
                f"parts: {len(large)} large ones, {len(enclosed)} of them enclosed by the LV's"
                " wall",
            )
        owner[enclosed[0]] = "lv_blood"
        left.remove(enclosed[0])
    if "rv_blood" in structures:
        beside = [k for k in left if touch[k]["rv_wall"] >= OWN_WALL]
        if len(beside) != 1:
            raise _mixed(
                path,
                structures,
                f"parts: {len(large)} large ones, {len(beside)} of them along the RV's wall",
            )
        owner[beside[0]] = "rv_blood"
        left.remove(beside[0])
    owner |= _rest(
        parts,
        left,
        owner,
        [name for name in structures if name not in ("lv_blood", "rv_blood")],
        touch,
    )
    missing = [name for name in structures if name not in owner.values()]
    if len(owner) < len(large) or (missing and not proven):
        raise _mixed(
            path, structures, f"parts: {len(large)} large ones for {len(structures)} organs"
        )
    return owner


def _rest(parts, left, owner, names, touch) -> dict[int, str]:
    """Atria and vessels. Parts of one side belong to its names; two parts of two sides are the
    atria, the right one nearer the RV."""
    if not names or not left:
        return {}
    for side in (_LEFT, _RIGHT):
        if set(names) <= set(side):
            atrium = max(left, key=lambda k: touch[k]["atrial_wall"])
            return {
                k: names[0] if len(names) == 1 else side[0] if k == atrium else side[1]
                for k in left
            }
    by_structure = {name: k for k, name in owner.items()}
    if sorted(names) != ["left_atrium", "right_atrium"] or len(left) != 2 or len(by_structure) != 2:
        return {}
    middle = {k: np.argwhere(parts == k).mean(axis=0) for k in (*left, *owner)}
    rightwards = middle[by_structure["rv_blood"]] - middle[by_structure["lv_blood"]]
    first, second = sorted(left, key=lambda k: middle[k] @ rightwards)
    return {first: "left_atrium", second: "right_atrium"}


def _surfaces(view, parts, large) -> dict[int, dict[str, float]]:
    """For each large part, the share of its faces that border each wall."""
    counts = np.zeros((parts.max() + 1, 256))
    for axis in range(3):
        a, b = np.moveaxis(parts, axis, 0), np.moveaxis(view, axis, 0)
        for of, beside, other in ((a[1:], b[:-1], a[:-1]), (a[:-1], b[1:], a[1:])):
            face = (of > 0) & (other == 0)
            np.add.at(counts, (of[face], beside[face]), 1)
    walls = ("lv_myocardium", "rv_wall", "atrial_wall")
    return {
        k: {name: counts[k, ID[name]] / max(counts[k].sum(), 1) for name in walls} for k in large
    }


def _join_specks(parts, sizes, large, number, spacing_mm) -> None:
    specks = [k for k in np.flatnonzero(sizes) if k not in large]
    if specks:
        points = np.argwhere(np.isin(parts, large))
        tree = cKDTree(points * spacing_mm[::-1])
        where = np.argwhere(np.isin(parts, specks))
        _, nearest = tree.query(where * spacing_mm[::-1])
        for place, k in zip(
            where, nearest, strict=True
        ):  # the last voxel of a speck decides for all of it
            number[parts[tuple(place)]] = number[parts[tuple(points[k])]]


def _box(mask: np.ndarray) -> tuple[slice, ...] | None:
    """The smallest box that holds the mask and one voxel around it."""
    ranges = [
        np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        for axis in range(3)
    ]
    if len(ranges[0]) == 0:
        return None
    return tuple(slice(max(found[0] - 1, 0), found[-1] + 2) for found in ranges)


def _mixed(path: Path, structures: tuple[str, ...], found: str) -> Sim2RealError:
    return Sim2RealError(
        f"{path}: {', '.join(structures)} share an activity; {found}; expected a part of its own"
        " for each; give each its own value in the .par and run XCAT again"
    )
