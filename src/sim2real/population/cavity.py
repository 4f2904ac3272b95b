"""What stands inside the ventricles' cavities: papillary muscles, trabeculae, the moderator band.

Observers draw their contours round all of it, so it has the cavity's label; the image shows it
dark.
"""

import numpy as np
from scipy.optimize import brentq

from ..data.seeds import generator
from .fields import AngularTable, PeriodicField
from .heart import Heart
from .right_ventricle import RightVentricle
from .structures import ID

_ELONGATION = 1.25  # of a papillary muscle's section, towards the wall
_TRABECULAR_CV = (
    0.13  # of the trabeculae's volume between people (Chuang et al. 2012: 23 ± 3 % of EDV)
)
# trabeculae are a fine mesh: about 2 mm wide and no longer along the axis, so that a slab blurs
# them into a rim
_RIDGES, _RIDGE_MM = 60, 2.5
# a plane stands for some millimetres: each of its voxels shows the mesh at one of these distances
# from it
_MESH_MM = (-1.2, -0.4, 0.4, 1.2)
_SEPTAL = (
    0.25  # height of those on the septum, which is nearly smooth, over that of those across from it
)
_BAND_MM = 2.2  # radius of the moderator band


class LeftCavity:
    """Two papillary muscles of two heads each, and trabeculae along the wall. They move with the
    wall and keep their volume."""

    def __init__(self, heart: Heart):
        self.heart = heart
        rng = generator(heart.subject.seed, "left cavity")
        self.ridges = PeriodicField(rng, _RIDGES, _RIDGE_MM, terms=19)
        spread = rng.uniform(-np.sqrt(3), np.sqrt(3))  # of SD 1
        offsets = np.array([128.0, 242.0]) + rng.normal(
            0, 9, 2
        )  # anterolateral and posteromedial, from the septum's middle
        self.angles = heart.septum + np.deg2rad(
            np.repeat(offsets, 2) + np.array([-11, 11, -11, 11])
        )
        self.tips = rng.uniform(0.30, 0.42, 4)  # share of the cavity's length
        self.roots = rng.uniform(0.72, 0.84, 4)
        self.shares = rng.uniform(0.75, 1.25, 4)
        self.reach = rng.uniform(1.2, 2.2, 4)  # of the free tip from the wall, in its own radii
        self.scale = self._solve()
        self.trabeculation = self._solve_trabeculation(
            (heart.cavity_muscle_ml - heart.papillary_ml) * (1 + _TRABECULAR_CV * spread)
        )

    def _head(self, head: int, level: float, ejected: float, scale: float) -> tuple[float, float]:
        """(radius of the section across the wall's normal, distance of its middle from the axis),
        mm; radius 0 where there is none."""
        heart = self.heart
        along = (level / heart.length - self.tips[head]) / (self.roots[head] - self.tips[head])
        if not 0 < along < 1:
            return 0.0, 0.0
        endo = float(heart.endocardium(np.float64(level), ejected))
        size = (
            scale
            * self.shares[head]
            * np.sin(np.pi * along**0.8) ** 0.5
            / np.sqrt(heart.shortening(ejected))
        )
        size = min(size, 0.38 * endo)
        return size, max(endo - self.reach[head] * (1 - along) * size, 0.35 * endo)

    def _solve(self) -> float:
        """Radius, mm, with which the papillary muscles have their volume at ED; the part inside the
        wall does not count."""
        heart = self.heart
        levels = np.linspace(self.tips.min(), self.roots.max(), 40) * heart.length
        s, t = np.meshgrid(*2 * [(np.arange(24) + 0.5) / 12 - 1], indexing="ij")
        disc = s**2 + t**2 < 1

        def volume(scale: float) -> float:
            areas = np.zeros(len(levels))
            for i, level in enumerate(levels):
                endo = float(heart.endocardium(np.float64(level), 0.0))
                for head in range(4):
                    size, middle = self._head(head, level, 0.0, scale)
                    free = disc & (np.hypot(middle + _ELONGATION * size * s, size * t) < endo)
                    areas[i] += free.mean() * 4 * _ELONGATION * size**2
            return float(np.trapezoid(areas, levels)) / 1e3

        wanted = heart.papillary_ml
        high = 0.3 * heart.radius
        return (
            high
            if volume(high) < wanted
            else brentq(lambda scale: volume(scale) - wanted, 0.2, high, xtol=0.02)
        )

    def _ridge(self, angles: np.ndarray, level: float, height: float) -> np.ndarray:
        """Height of the trabeculae above the wall at ED, mm: rising from base to apex, low on the
        septum; half the cavity's radius at most."""
        endo = float(self.heart.endocardium(np.float64(level), 0.0))
        along = 0.3 + 1.6 * np.clip(level / self.heart.length, 0, 1)
        septal = ((1 + np.cos(angles - self.heart.septum)) / 2) ** 2
        return np.minimum(
            height
            * along
            * (1 - (1 - _SEPTAL) * septal)
            * np.maximum(self.ridges(angles, level), 0),
            0.5 * endo,
        )

    def _section(self, angles: np.ndarray, level: float, height: float) -> np.ndarray:
        """Difference of squared radii between the trabeculae's foot and top at ED, mm²: half of it,
        over the angle, is their section."""
        endo, ridge = (
            float(self.heart.endocardium(np.float64(level), 0.0)),
            self._ridge(angles, level, height),
        )
        return endo**2 - (endo - ridge) ** 2

    def _solve_trabeculation(self, wanted: float) -> float:
        """Height, mm, with which the trabeculae have the volume ``wanted``, ml, at ED."""
        levels, angles = (
            np.linspace(0, self.heart.length, 40),
            np.linspace(0, 2 * np.pi, 720, endpoint=False),
        )

        def volume(height: float) -> float:
            sections = [
                np.pi * self._section(angles, float(level), height).mean() for level in levels
            ]
            return float(np.trapezoid(sections, levels)) / 1e3

        high = float(self.heart.radius)
        return (
            high
            if volume(high) < wanted
            else brentq(lambda height: volume(height) - wanted, 0.0, high, xtol=0.01)
        )

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
        """Paint into ``part`` where ``inside``; radius, angle: polar coordinates with the twist
        undone, mm and radians."""
        heart = self.heart
        endo, shortening = (
            float(heart.endocardium(np.float64(level), ejected)),
            heart.shortening(ejected),
        )
        at = np.flatnonzero(inside)
        picked = (at * 2654435761 >> 16) % len(_MESH_MM)  # without order
        for k, away in enumerate(_MESH_MM):
            # squared radius of the trabeculae's top: their section grows as they shorten along the
            # axis, up to the axis itself
            top = ring(
                lambda angles, at=level + away: np.maximum(
                    endo**2 - self._section(angles, at, self.trabeculation) / shortening,
                    (0.15 * endo) ** 2,
                )
            )
            here = at[picked == k]
            part[here[radius[here] ** 2 > top[here]]] = ID["lv_trabeculae"]
        from_head = angle[at, None] - self.angles.astype(np.float32)
        along, across = radius[at, None] * np.cos(from_head), radius[at, None] * np.sin(from_head)
        for head in range(len(self.angles)):
            size, middle = self._head(head, level, ejected, self.scale)
            if size <= 0:
                continue
            part[
                at[((along[:, head] - middle) / _ELONGATION) ** 2 + across[:, head] ** 2 < size**2]
            ] = ID["papillary_muscle"]


class RightCavity:
    """Ridges along the RV's wall, and the moderator band that crosses from the septum to the free
    wall."""

    def __init__(self, ventricle: RightVentricle):
        self.ventricle = ventricle
        rng = generator(ventricle.heart.subject.seed, "right cavity")
        self.ridges = PeriodicField(rng, 12, 5.0, terms=7)  # coarser than the left's
        self.level, self.offset = rng.uniform(0.5, 0.68), rng.normal(0, 6)
        self.slope, self.bend = rng.uniform(0.1, 0.5), rng.normal(0, 5)

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
        """Paint into ``part`` where ``blood``; s, t: see ``RightVentricle.measure``; depth: mm from
        the wall, positive inside."""
        ridge = ring(
            lambda angles: np.minimum(
                2.2 * np.maximum(self.ridges(angles, level) - 0.6, 0), 0.25 * min(half_axes)
            )
        )
        part[blood & (depth < ridge) & (to_lv > 4)] = ID["rv_trabeculae"]
        along, across = s * half_axes[0], t * half_axes[1]
        height = level - self.level * self.ventricle.heart.apex - self.slope * along
        away = np.hypot(across - self.offset - self.bend * (1 - s**2), height)
        part[blood & (away < _BAND_MM)] = ID["rv_trabeculae"]
