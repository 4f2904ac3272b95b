"""What stands inside the ventricles' cavities: papillary muscles, trabeculae, the moderator band.

Observers draw their contours round all of it, so it has the cavity's label; the image shows it
dark.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from ..data import generator
from .fields import AngularTable, PeriodicField
from .heart import Heart
from .right_ventricle import RightVentricle
from .structures import ID

_ELONGATION = 1.25  # of a papillary muscle's section, towards the wall
# of the trabeculae's volume between people (Chuang et al. 2012: 23 ± 3 % of EDV)
_TRABECULAR_CV = 0.13
# trabeculae are a fine mesh: about 2 mm wide and no longer along the axis, so that a slab blurs
# them into a rim
_RIDGES, _RIDGE_MM = 60, 2.5
# a plane stands for some millimetres: each of its voxels shows the mesh at one of these distances
# from it
_MESH_MM = (-1.2, -0.4, 0.4, 1.2)
_LAYER = 1.0
"""Height of the closed layer that the mesh of trabeculae stands on, in standard deviations of the
mesh; their volume stays that of Chuang et al. In people the signal is half of the way from muscle's
to blood's 1.6 mm inside the LV's contour (20 people of ACDC; two M&Ms cases: 0.9 mm); without a
layer 0.6 mm (``benchmarks/contours.py``)."""
# height of those on the septum, which is nearly smooth, over that of those across from it
_SEPTAL = 0.25
_BANDS, _BAND_MM = 4, 1.9  # that cross the RV (one is the moderator band), and their radius
_RIGHT_RIDGE_MM = 3.5  # height of the ridges on the RV's wall for one SD of their mesh
_RIGHT_LAYER_MM = 0.8
"""Height of the closed layer that they stand on, median of people. The signal is half of the way
from muscle's to blood's 1.2 mm inside the RV's contour (20 people of ACDC; two M&Ms cases: 0.3 mm);
without a layer 0.2 mm (``benchmarks/contours.py``)."""
_RIGHT_LAYER_SPREAD = 0.5  # SD of its logarithm between people


class LeftCavity:
    """Two papillary muscles of two heads each, and trabeculae along the wall. They move with the
    wall and keep their volume.

    Args:
        heart: the LV that they stand in.
    """

    def __init__(self, heart: Heart):
        self.heart = heart
        rng = generator(heart.subject.seed, "left cavity")
        self.ridges = PeriodicField(rng, _RIDGES, _RIDGE_MM, terms=19)
        spread = rng.uniform(-np.sqrt(3), np.sqrt(3))  # of SD 1
        # anterolateral and posteromedial, from the septum's middle
        muscles_deg = np.array([128.0, 242.0]) + rng.normal(0, 9, 2)
        heads_deg = np.repeat(muscles_deg, 2) + np.array([-11, 11, -11, 11])
        self.angles = heart.septum + np.deg2rad(heads_deg)
        self.tips = rng.uniform(0.30, 0.42, 4)  # share of the cavity's length
        self.roots = rng.uniform(0.72, 0.84, 4)
        self.shares = rng.uniform(0.75, 1.25, 4)
        self.reach = rng.uniform(1.2, 2.2, 4)  # of the free tip from the wall, in its own radii
        trabecular_ml = (heart.cavity_muscle_ml - heart.papillary_ml) * (
            1 + _TRABECULAR_CV * spread
        )
        radius = float(heart.radius)
        self.head_radius = _solve(
            self._papillary_volume, heart.papillary_ml, 0.2, 0.3 * radius, xtol=0.02
        )
        self.ridge_height = _solve(self._trabecular_volume, trabecular_ml, 0.0, radius, xtol=0.01)

    def paint(
        self,
        part: np.ndarray,
        radius: np.ndarray,
        angle: np.ndarray,
        ring: AngularTable,
        inside: np.ndarray,
        level: float,
        ejected: float,
    ) -> None:
        """Paint muscle into a plane of structure numbers.

        Args:
            part: structure numbers, shape (n,), changed in place.
            radius, angle: polar coordinates with the twist undone, mm and radians, shape (n,).
            ring: of ``angle``.
            inside: where the cavity is, bool, shape (n,).
            level: material level of the plane, mm.
            ejected: 0 (ED) to 1 (ES).
        """
        cavity = np.flatnonzero(inside)
        endo = float(self.heart.endocardium(level, ejected))
        shortening = self.heart.shortening(ejected)
        mesh_of_voxel = _scattered(cavity, len(_MESH_MM))
        for k, distance in enumerate(_MESH_MM):
            # squared radius of the trabeculae's top: their section grows as they shorten along the
            # axis, up to the axis itself
            top = ring(
                lambda angles, at=level + distance: np.maximum(
                    endo**2 - self._section(angles, at, self.ridge_height) / shortening,
                    (0.15 * endo) ** 2,
                )
            )
            voxels = cavity[mesh_of_voxel == k]
            part[voxels[radius[voxels] ** 2 > top[voxels]]] = ID["lv_trabeculae"]
        from_head = angle[cavity, None] - self.angles.astype(np.float32)
        along = radius[cavity, None] * np.cos(from_head)
        across = radius[cavity, None] * np.sin(from_head)
        sizes, middles = (a[0].tolist() for a in self._heads(level, ejected, self.head_radius))
        for k, (size, middle) in enumerate(zip(sizes, middles, strict=True)):
            within = ((along[:, k] - middle) / _ELONGATION) ** 2 + across[:, k] ** 2 < size**2
            part[cavity[within]] = ID["papillary_muscle"]

    def _heads(
        self, levels: float | np.ndarray, ejected: float, radius: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of each head's section at each level, shape (level, head): radius across the wall's
        normal, 0 where there is none, and distance of its middle from the axis, mm."""
        heart, levels = self.heart, np.atleast_1d(levels)[:, None]
        along = (levels / heart.length - self.tips) / (self.roots - self.tips)
        endo = heart.endocardium(levels, ejected)
        size = radius * self.shares * np.sin(np.pi * np.clip(along, 0, 1) ** 0.8) ** 0.5
        size = np.minimum(size / np.sqrt(heart.shortening(ejected)), 0.38 * endo)
        size = np.where((along > 0) & (along < 1), size, 0)
        return size, np.maximum(endo - self.reach * (1 - along) * size, 0.35 * endo)

    def _papillary_volume(self, radius: float) -> float:
        """Volume at ED, ml, of heads of this radius; the part inside the wall does not count."""
        levels = np.linspace(self.tips.min(), self.roots.max(), 40) * self.heart.length
        s, t = np.meshgrid(*2 * [(np.arange(24) + 0.5) / 12 - 1])
        size, middle = (a[..., None, None] for a in self._heads(levels, 0.0, radius))
        endo = self.heart.endocardium(levels, 0.0)[:, None, None, None]
        free = (s**2 + t**2 < 1) & (np.hypot(middle + _ELONGATION * size * s, size * t) < endo)
        areas = free.mean(axis=(2, 3)) * 4 * _ELONGATION * size[..., 0, 0] ** 2
        return float(np.trapezoid(areas.sum(axis=1), levels)) / 1e3

    def _section(self, angles: np.ndarray, level: float | np.ndarray, height: float) -> np.ndarray:
        """Difference of squared radii between the trabeculae's foot and top at ED, mm²: half of it,
        over the angle, is their section. They rise from base to apex, are low on the septum, and
        reach half of the cavity's radius at most."""
        endo = self.heart.endocardium(level, 0.0)
        along = 0.3 + 1.6 * np.clip(level / self.heart.length, 0, 1)
        septal = ((1 + np.cos(angles - self.heart.septum)) / 2) ** 2
        mesh = np.maximum(self.ridges(angles, level) + _LAYER, 0)
        ridge = np.minimum(height * along * (1 - (1 - _SEPTAL) * septal) * mesh, 0.5 * endo)
        return endo**2 - (endo - ridge) ** 2

    def _trabecular_volume(self, height: float) -> float:
        """Volume at ED, ml, of trabeculae of this height, mm."""
        levels = np.linspace(0, self.heart.length, 40)
        angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
        sections = np.pi * self._section(angles, levels[:, None], height).mean(axis=1)
        return float(np.trapezoid(sections, levels)) / 1e3


class RightCavity:
    """Ridges along the RV's wall, and bands that cross from the septum to the free wall, the
    moderator band among them."""

    def __init__(self, ventricle: RightVentricle):
        self.ventricle = ventricle
        rng = generator(ventricle.heart.subject.seed, "right cavity")
        self.ridges = PeriodicField(rng, 12, 5.0, terms=7)  # coarser than the left's
        self.height = _RIGHT_RIDGE_MM * rng.lognormal(0, 0.35)
        self.layer_mm = _RIGHT_LAYER_MM * generator(
            ventricle.heart.subject.seed, "right layer"
        ).lognormal(0, _RIGHT_LAYER_SPREAD)
        # of each band: share of the heart's length, and in mm where it crosses
        self.levels, self.offsets = rng.uniform(0.3, 0.85, _BANDS), rng.normal(0, 9, _BANDS)
        self.slopes, self.bends = rng.uniform(-0.3, 0.5, _BANDS), rng.normal(0, 6, _BANDS)
        self.radii = _BAND_MM * rng.lognormal(0, 0.25, _BANDS)

    def paint(
        self,
        part: np.ndarray,
        blood: np.ndarray,
        s: np.ndarray,
        t: np.ndarray,
        ring: AngularTable,
        depth: np.ndarray,
        to_lv: np.ndarray,
        half_axes: tuple[float, float],
        level: float,
    ) -> None:
        """Paint muscle into a plane of structure numbers.

        Args:
            part: structure numbers, shape (n,), changed in place.
            blood: where the cavity is, bool, shape (n,).
            s, t, ring: see ``RightVentricle.measure``.
            depth: mm from the wall, positive inside; to_lv: mm from the LV.
            half_axes: radial and transverse half-axis of the section, mm.
            level: material level of the plane, mm.
        """
        ridge = ring(
            lambda angles: np.minimum(
                self.height * np.maximum(self.ridges(angles, level) - 0.3, 0) + self.layer_mm,
                0.4 * min(half_axes),
            )
        )
        part[blood & (depth < ridge) & (to_lv > 4)] = ID["rv_trabeculae"]
        along, across = s * half_axes[0], t * half_axes[1]
        apex = self.ventricle.heart.apex
        bands = zip(self.levels, self.offsets, self.slopes, self.bends, self.radii, strict=True)
        for at, offset, slope, bend, radius in bands:
            height = level - at * apex - slope * along
            distance = np.hypot(across - offset - bend * (1 - s**2), height)
            part[blood & (distance < radius)] = ID["rv_trabeculae"]


def _scattered(positions: np.ndarray, count: int) -> np.ndarray:
    """A number below ``count`` for each position: the same every time, and without order between
    neighbours (Knuth's multiplicative hash)."""
    return (positions * 2654435761 >> 16) % count


def _solve(
    volume: Callable[[float], float], target_ml: float, low: float, high: float, xtol: float
) -> float:
    """The size with which ``volume`` is the target, or the largest one where that is too small."""
    if volume(high) < target_ml:
        return high
    return brentq(lambda size: volume(size) - target_ml, low, high, xtol=xtol)
