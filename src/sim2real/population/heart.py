r"""The beating heart in the frame of the left ventricle, as level sets.

Frame, in mm: z runs along the LV's long axis from the mitral plane at end diastole (z = 0) to the apex; x to the
viewer's right and y downwards, as in a short-axis image seen from the apex. Material points (R, Θ, Z) at end diastole move to

.. math:: r^2 = R^2/\lambda + g(Z), \qquad z = H - \lambda (H - Z), \qquad g(Z) = -\frac{e\,R_e(Z)^2}{\lambda},

with H the epicardial apex, which stays, λ the longitudinal shortening, R_e the endocardial radius and e the ejected
fraction. The Jacobian is 1 everywhere, so the myocardium keeps its volume exactly, and the cavity holds EDV (1 − e).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from ..core.errors import Sim2RealError
from .subjects import Subject

DENSITY_G_PER_ML = 1.05
_WIDEST = 0.3  # level of the widest LV section, as a fraction of its length
INFLOW_MM = 22.0  # how far the RV reaches above the mitral plane (its outflow tract)


def profile(u: np.ndarray) -> np.ndarray:
    """LV radius at level u (0 mitral plane, 1 apex) over its greatest radius; 0 beyond the apex."""
    below = np.clip((u - _WIDEST) / (1 - _WIDEST), 0, 1)
    above = np.clip((_WIDEST - u) / _WIDEST, 0, 1.5)
    return np.sqrt(np.maximum(1 - below**2.2, 0)) * (1 - 0.13 * above**2)


@dataclass(frozen=True)
class Heart:
    """Geometry solved from a subject's volumes and mass. ``ejected`` runs from 0 (ED) to 1 (ES)."""

    subject: Subject

    @cached_property
    def levels(self) -> np.ndarray:
        return (np.arange(2000) + 0.5) / 2000

    @cached_property
    def radius(self) -> float:
        """Greatest endocardial radius at ED, mm: EDV = π a² L ∫f² with L = 2a / sphericity."""
        integral = np.mean(profile(self.levels) ** 2)
        return (self.subject.lv_edv_ml * 1e3 * self.subject.sphericity / (2 * np.pi * integral)) ** (1 / 3)

    @cached_property
    def length(self) -> float:
        return 2 * self.radius / self.subject.sphericity

    @cached_property
    def wall(self) -> float:
        """Mean wall thickness at ED, mm, that gives the subject's LV mass."""
        wanted = self.subject.lv_mass_g / DENSITY_G_PER_ML * 1e3

        def excess(wall: float) -> float:
            length = self.length + 0.6 * wall
            u = self.levels * length / self.length  # same heights, in units of the cavity's length
            angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
            epi = np.mean(self._epi(wall, angles[:, None], self.levels[None] * length) ** 2, axis=0)
            return np.pi * np.mean(epi - (self.radius * profile(u)) ** 2) * length - wanted

        if excess(40.0) < 0:
            raise Sim2RealError(
                f"subject {self.subject.name}: LV mass {self.subject.lv_mass_g:g} g needs a wall above 40 mm; expected less mass"
            )
        return brentq(excess, 0.5, 40.0)

    @property
    def apex(self) -> float:
        """Level of the epicardial apex, mm."""
        return self.length + 0.6 * self.wall

    def _epi(self, wall: float, angle: np.ndarray, z: np.ndarray) -> np.ndarray:
        septum = np.deg2rad(self.subject.septum_angle_deg)
        around = 1 + self.subject.septal_excess * np.cos(angle - septum)
        return (self.radius + wall * around) * profile(z / (self.length + 0.6 * wall))

    def shortening(self, ejected: float) -> float:
        """λ at this moment of the cycle."""
        return 1 - ejected * self.subject.base_descent_mm / self.apex

    def base(self, ejected: float) -> float:
        """Level of the mitral plane, mm: it descends towards the apex."""
        return self.apex * (1 - self.shortening(ejected))

    def material_level(self, z: np.ndarray, ejected: float) -> np.ndarray:
        return self.apex - (self.apex - z) / self.shortening(ejected)

    def endocardium(self, level: np.ndarray, ejected: float) -> np.ndarray:
        """Endocardial radius, mm, at material ``level``, at this moment."""
        return self.radius * profile(level / self.length) * np.sqrt((1 - ejected * self.subject.lv_ef) / self.shortening(ejected))

    def epicardium(self, angle: np.ndarray, level: np.ndarray, ejected: float) -> np.ndarray:
        """Epicardial radius, mm, at ``angle`` (radians) and material ``level``, at this moment."""
        inner = self.radius * profile(level / self.length)
        outer = self._epi(self.wall, angle, level)
        moved = (outer**2 - ejected * self.subject.lv_ef * inner**2) / self.shortening(ejected)
        return np.sqrt(np.maximum(moved, 0))

    # The right ventricle: at each level an ellipse through two insertion points on the LV's epicardium, less the LV.

    @property
    def rv_apex(self) -> float:
        return 0.9 * self.apex

    def inflow(self, ejected: float) -> float:
        """How far above the mitral plane the RV reaches at this moment, mm of material: most of its stroke is longitudinal."""
        return INFLOW_MM * (1 - 0.6 * ejected)

    def rv_ellipse(self, level: np.ndarray, ejected: float, depth: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(centre, radial half-axis, transverse half-axis) in mm along the septal direction; ``depth`` beyond the septum at the base."""
        inflow = self.inflow(ejected)
        u = np.clip((level + inflow) / (self.rv_apex + inflow), 0, 1)
        angle = np.deg2rad(self.subject.insertion_half_angle_deg) * (1 - 0.35 * u**2)
        # above the mitral plane the outflow tract keeps the shape of the base
        reach = self.epicardium(np.deg2rad(self.subject.septum_angle_deg), np.maximum(level, 0.0), ejected)
        taper = np.maximum(1 - u**3.2, 0) ** 0.6 * (1 - 0.2 * np.clip(-level / inflow, 0, 1))
        fullness = 1.05 + 0.17 * np.clip(depth / self.radius, 0, 2)  # width over the distance between the insertions: a deep RV is wide
        offset = np.sqrt(1 - 1 / fullness**2)
        radial = (reach * (1 - np.cos(angle)) * np.minimum(1, 4 * taper) + depth * taper) / (1 + offset)
        centre = reach + depth * taper - radial
        transverse = reach * np.sin(angle) * fullness * np.minimum(1, 2.5 * taper)
        return centre, np.maximum(radial, 1e-3), np.maximum(transverse, 1e-3)

    def rv_volume(self, ejected: float, depth: float) -> float:
        """Volume of the RV cavity in ml for a given depth, by quadrature over levels and a grid a section."""
        levels = np.linspace(-self.inflow(ejected), self.rv_apex, 90)
        centre, radial, transverse = (value[:, None, None] for value in self.rv_ellipse(levels, ejected, depth))
        s, t = np.meshgrid((np.arange(48) + 0.5) / 24 - 1, (np.arange(48) + 0.5) / 24 - 1, indexing="ij")
        along, across = centre + radial * s, transverse * t
        septum = np.deg2rad(self.subject.septum_angle_deg)
        outside_lv = np.hypot(along, across) > self.epicardium(
            septum + np.arctan2(across, along), np.maximum(levels, 0)[:, None, None], ejected
        )
        inside = (s**2 + t**2 < 1) & outside_lv
        area = inside.mean(axis=(1, 2)) * 4 * (radial * transverse)[:, 0, 0]
        return float(np.trapezoid(area, levels) * self.shortening(ejected) / 1e3)

    def rv_depth(self, ejected: float) -> float:
        """How far the RV reaches beyond the septum, mm, so that its volume is the subject's at this moment."""
        subject = self.subject
        wanted = subject.rv_edv_ml + ejected * (subject.rv_esv_ml - subject.rv_edv_ml)
        low, high = -0.2 * self.radius, 150.0
        if self.rv_volume(ejected, low) > wanted or self.rv_volume(ejected, high) < wanted:
            raise Sim2RealError(f"subject {subject.name}: an RV of {wanted:.0f} ml does not fit this LV; expected between "
                                f"{self.rv_volume(ejected, low):.0f} and {self.rv_volume(ejected, high):.0f} ml")  # fmt: skip
        return brentq(lambda depth: self.rv_volume(ejected, depth) - wanted, low, high, xtol=0.05)
