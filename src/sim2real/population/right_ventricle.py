"""The right ventricle: at each level a rounded triangle that leans on the septum, less the left
ventricle."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from ..data import refuse
from .fields import AngularTable
from .heart import INFLOW_MM, Heart

WALL_MM = 3.0
_RELEASED = 0.1  # share of the septum that an empty RV leaves
_CORNER_AT = np.deg2rad(-35)  # the acute margin: away from the septum and down, on the diaphragm
_FURTHEST = 1.12  # largest radius of the rounded triangle


@dataclass(frozen=True)
class RightVentricle:
    """Sections along ``direction`` (``along``) and across it, in mm; ``ejected`` from 0 (ED) to 1
    (ES)."""

    heart: Heart
    _depths: dict[float, float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def apex(self) -> float:
        """Material level where the RV ends: short of the LV's apex."""
        return 0.9 * self.heart.apex

    def inflow(self, ejected: float) -> float:
        """How far above the mitral plane the RV reaches at this moment, mm of material: most of its
        stroke is longitudinal.

        So it shortens with the share that the ventricle ejects, and little where that is small.
        """
        fraction = 1 - self.heart.subject.rv_esv_ml / self.heart.subject.rv_edv_ml
        return INFLOW_MM * (1 - min(1.3 * fraction, 0.8) * ejected)

    def direction(self, level: np.ndarray) -> np.ndarray:
        """Where the RV lies from the LV, radians: further forward and up towards the base, where
        its outflow tract crosses."""
        turn = np.deg2rad(self.heart.subject.rv_spiral_deg)
        return self.heart.septum + turn * (0.5 - np.clip(level / self.heart.apex, -0.2, 1))

    def section(
        self, level: np.ndarray, ejected: float, depth: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(centre, radial half-axis, transverse half-axis) in mm along ``direction``; ``depth``
        beyond the septum at the base."""
        heart, inflow = self.heart, self.inflow(ejected)
        u = np.clip((level + inflow) / (self.apex + inflow), 0, 1)
        angle = np.deg2rad(heart.subject.insertion_half_angle_deg) * (1 - 0.35 * u**2)
        angle *= 1 - _RELEASED * ejected
        # above the mitral plane the outflow tract narrows
        reach = heart.epicardium(self.direction(level), np.maximum(level, 0.0), ejected)
        taper = np.maximum(1 - u**3.2, 0) ** 0.6 * (1 - 0.5 * np.clip(-level / inflow, 0, 1))
        fullness = 1.03 + 0.13 * np.clip(
            depth / heart.radius, 0, 4
        )  # width over the distance between the insertions: a deep RV is wide
        offset = np.sqrt(1 - 1 / fullness**2)
        radial = (reach * (1 - np.cos(angle)) * np.minimum(1, 4 * taper) + depth * taper) / (
            1 + offset
        )
        centre = reach + depth * taper - radial
        transverse = reach * np.sin(angle) * fullness * np.minimum(1, 2.5 * taper)
        return centre, np.maximum(radial, 1e-3), np.maximum(transverse, 1e-3)

    def measure(self, s: np.ndarray, t: np.ndarray, ring: AngularTable | None = None) -> np.ndarray:
        """Below 1 inside the section; s, t: distances from its centre along and across, in
        half-axes (t < 0: towards the diaphragm)."""
        ring = ring or AngularTable(np.arctan2(t, s))
        return np.hypot(s, t) / ring(
            lambda angles: 1 + self.heart.subject.rv_corner * np.cos(3 * (angles - _CORNER_AT))
        )

    def volume(self, ejected: float, depth: float) -> float:
        """Volume of the cavity in ml for a given depth, by quadrature over levels and a grid a
        section."""
        heart = self.heart
        levels = np.linspace(-self.inflow(ejected), self.apex, 72)
        centre, radial, transverse = (
            value[:, None].astype(np.float32) for value in self.section(levels, ejected, depth)
        )
        line = (_FURTHEST * ((np.arange(44) + 0.5) / 22 - 1)).astype(np.float32)
        s, t = (grid.ravel() for grid in np.meshgrid(line, line, indexing="ij"))
        inside = self.measure(s, t) < 1
        along, across = centre + radial * s[inside], transverse * t[inside]
        ring = np.linspace(-np.pi, np.pi, 361)
        epi = heart.epicardium(
            self.direction(levels)[:, None] + ring, np.maximum(levels, 0)[:, None], ejected
        ).astype(np.float32)
        turn = np.rint(
            (np.arctan2(across, along) + np.float32(np.pi)) * np.float32(180 / np.pi)
        ).astype(np.intp)
        outside_lv = np.hypot(along, across) > np.take_along_axis(epi, turn, axis=1)
        # the outline's unevenness moves some of the section outwards and some of it inwards
        twist = np.array([heart.twist(level, ejected) for level in levels])
        in_image = self.direction(levels) + twist
        stretch = (heart.outline.scale(in_image[:, None] + ring) ** 2).astype(np.float32)
        share = (outside_lv * np.take_along_axis(stretch, turn, axis=1)).sum(axis=1) / len(s)
        area = share * (2 * _FURTHEST) ** 2 * (radial * transverse)[:, 0]
        return float(np.trapezoid(area, levels) * heart.shortening(ejected) / 1e3)

    def depth(self, ejected: float) -> float:
        """How far the RV reaches beyond the septum, mm, so that its volume is the subject's at this
        moment.

        Raises:
            Sim2RealError: where no RV of that volume fits the LV.
        """
        if ejected not in self._depths:
            self._depths[ejected] = self._solve(ejected)
        return self._depths[ejected]

    def _solve(self, ejected: float) -> float:
        subject = self.heart.subject
        target_ml = subject.rv_edv_ml + ejected * (subject.rv_esv_ml - subject.rv_edv_ml)
        low, high = -0.2 * self.heart.radius, 150.0
        least, most = self.volume(ejected, low), self.volume(ejected, high)
        refuse(
            not least < target_ml < most,
            f"subject {subject.name}: an RV of {target_ml:.0f} ml does not fit this LV;"
            f" expected between {least:.0f} and {most:.0f} ml",
        )
        return brentq(lambda depth: self.volume(ejected, depth) - target_ml, low, high, xtol=0.05)
