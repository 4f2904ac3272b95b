r"""The beating heart in the frame of the left ventricle, as level sets.

Frame, in mm: z runs along the LV's long axis from the mitral plane at end diastole (z = 0) to the
apex; x to the viewer's right and y downwards, as in a short-axis image seen from the apex. Material
points (R, Θ, Z) at end diastole move to

.. math::

    r^2 = R^2/\lambda + g(Z), \qquad \theta = \Theta + \varphi(Z), \qquad z = H - \lambda (H -
    Z),
    \qquad g(Z) = -\frac{e\,R_e(Z)^2}{\lambda},

with H the epicardial apex, which stays, λ the longitudinal shortening, φ the twist, R_e the
endocardial radius and e the ejected fraction. The Jacobian is 1 everywhere, so the myocardium keeps
its volume exactly, and the cavity holds EDV (1 − e).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from ..data import generator, refuse
from .fields import AngularTable, RingField, turned
from .subjects import Subject

DENSITY_G_PER_ML = 1.05
# of LV mass (MESA, 100 people); labels count papillary muscles as cavity, as observers draw them
PAPILLARY_SHARE = 0.089
CAVITY_MUSCLE_SHARE = 0.28 / 1.28
"""Of LV mass, papillary muscles and trabeculae: counted, they raise it by 28 % (Framingham, 1,494
people: Chuang et al., JACC Cardiovasc Imaging 5, 1115, 2012)."""
CAVITY_MUSCLE_AT_ES = 0.4
"""Of what the LV holds at ES, in the same people: they are 23 % of EDV, and leaving them out raises
EF by 7.5 units, from the 67 % of normals."""
INFLOW_MM = 12.0  # how far the RV reaches above the mitral plane (its outflow tract)
_LEVELS = (np.arange(600) + 0.5) / 600  # shares of the length, to integrate over
_WIDEST = 0.3  # level of the widest LV section, as a fraction of its length
_APICAL_WALL = 0.6  # thickness of the wall at the apex over its mean
_OUTLINE_ORDERS = (2, 3, 4, 5)  # of the unevenness of the heart's section
_WALL_ORDERS = (1, 2, 3, 4)  # of the wall's unevenness round the ring
_BASAL_ROTATION_DEG = 3.0  # clockwise seen from the apex, at end systole


def profile(u: np.ndarray) -> np.ndarray:
    """LV radius at level u (0 mitral plane, 1 apex) over its greatest radius; 0 beyond the apex."""
    below = np.clip((u - _WIDEST) / (1 - _WIDEST), 0, 1)
    above = np.clip((_WIDEST - u) / _WIDEST, 0, 1.5)
    return np.sqrt(np.maximum(1 - below**2.2, 0)) * (1 - 0.13 * above**2)


class Outline:
    """Between the image's plane and one where the LV's section is round.

    An ellipse of the subject's flattening, and a smooth unevenness of the radius on it; both keep
    the section's area.
    """

    def __init__(self, subject: Subject):
        self.stretch = np.sqrt(subject.lv_flattening)
        self.tilt_deg = subject.flattening_angle_deg
        self.unevenness, self.mean = subject.outline_unevenness, 1.0
        self.uneven = RingField(generator(subject.seed, "outline"), _OUTLINE_ORDERS)
        ring = np.linspace(0, 2 * np.pi, 360, endpoint=False)
        self.mean = float(np.sqrt(np.mean(self.scale(ring) ** 2)))

    def scale(self, angle: np.ndarray) -> np.ndarray:
        """Radius over that in the round frame, at ``angle`` there, radians."""
        return np.exp(self.unevenness * self.uneven(angle)) / self.mean

    def rounded(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the round frame of positions in the image, mm."""
        u, v = turned(x, y, -self.tilt_deg)
        x, y = turned(u * self.stretch, v / self.stretch, self.tilt_deg)
        scale = AngularTable(np.arctan2(y, x))(self.scale)
        return x / scale, y / scale

    def shaped(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the image of positions in the round frame, mm."""
        scale = self.scale(np.arctan2(y, x))
        u, v = turned(x * scale, y * scale, -self.tilt_deg)
        return turned(u / self.stretch, v * self.stretch, self.tilt_deg)


@dataclass(frozen=True)
class Heart:
    """Geometry solved from a subject's volumes and mass. ``ejected`` runs from 0 (ED) to 1 (ES).

    Args:
        subject: whose heart it is.

    Raises:
        Sim2RealError: where no wall holds the subject's mass round the cavity.
    """

    subject: Subject

    @cached_property
    def radius(self) -> float:
        """Greatest endocardial radius at ED, mm: EDV = π a² L ∫f² with L = 2a / sphericity."""
        integral = np.mean(profile(_LEVELS) ** 2)
        return (
            self.subject.lv_edv_ml * 1e3 * self.subject.sphericity / (2 * np.pi * integral)
        ) ** (1 / 3)

    @cached_property
    def length(self) -> float:
        return 2 * self.radius / self.subject.sphericity

    @property
    def septum(self) -> float:
        """Direction of the septum's middle in the image, radians."""
        return float(np.deg2rad(self.subject.septum_angle_deg - self.subject.roll_deg))

    @property
    def papillary_ml(self) -> float:
        """Volume of the papillary muscles: their share of the mass, but never more than half of the
        muscle inside the cavity."""
        return min(
            PAPILLARY_SHARE * self.subject.lv_mass_g / DENSITY_G_PER_ML, self.cavity_muscle_ml / 2
        )

    @property
    def cavity_muscle_ml(self) -> float:
        """Volume of papillary muscles and trabeculae: their share of the mass, but never more than
        they fill of the cavity at ES."""
        return min(
            CAVITY_MUSCLE_SHARE * self.subject.lv_mass_g / DENSITY_G_PER_ML,
            CAVITY_MUSCLE_AT_ES * self.subject.lv_esv_ml,
        )

    @cached_property
    def wall(self) -> float:
        """Wall thickness at ED away from the septum, mm: with papillary muscles and trabeculae the
        wall has the subject's LV mass."""
        wall_mm3 = (self.subject.lv_mass_g / DENSITY_G_PER_ML - self.cavity_muscle_ml) * 1e3
        angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)

        def excess(wall: float) -> float:
            length = self.length + _APICAL_WALL * wall
            u = _LEVELS * length / self.length  # same heights, in units of the cavity's length
            epi = np.mean(self._epi(wall, angles[:, None], _LEVELS[None] * length) ** 2, axis=0)
            return np.pi * np.mean(epi - (self.radius * profile(u)) ** 2) * length - wall_mm3

        refuse(
            excess(0.5) > 0,
            f"subject {self.subject.name}: LV mass {self.subject.lv_mass_g:g} g leaves no wall"
            f" round a cavity of {self.subject.lv_edv_ml:g} ml; expected more mass, a smaller"
            " EDV or a thinner septum",
        )
        refuse(
            excess(40.0) < 0,
            f"subject {self.subject.name}: LV mass {self.subject.lv_mass_g:g} g needs a wall"
            " above 40 mm; expected less mass",
        )
        return brentq(excess, 0.5, 40.0)

    @property
    def apex(self) -> float:
        """Level of the epicardial apex, mm."""
        return self.length + _APICAL_WALL * self.wall

    @cached_property
    def outline(self) -> Outline:
        return Outline(self.subject)

    @cached_property
    def _uneven_wall(self) -> RingField:
        return RingField(generator(self.subject.seed, "wall"), _WALL_ORDERS)

    def thickness(self, wall: float, angle: np.ndarray) -> np.ndarray:
        """Wall thickness at ED in the ventricle's middle, mm, round the circumference: thicker in
        the septum, and uneven as the subject's is."""
        subject = self.subject
        septal = max(subject.septal_wall_mm, wall * (1 + subject.septal_excess))
        uneven = wall * np.exp(subject.wall_unevenness * self._uneven_wall(angle))
        return uneven + (septal - wall) * np.exp(2.0 * (np.cos(angle - self.septum) - 1))

    def _epi(self, wall: float, angle: np.ndarray, z: np.ndarray) -> np.ndarray:
        return (self.radius + self.thickness(wall, angle)) * profile(
            z / (self.length + _APICAL_WALL * wall)
        )

    def shortening(self, ejected: float) -> float:
        """λ at this moment of the cycle."""
        return 1 - ejected * self.subject.base_descent_mm / self.apex

    def twist(self, level: float, twisted: float) -> float:
        """φ, radians, at material ``level``: the apex turns anticlockwise seen from the apex (here:
        negative), the base a little back."""
        turned = (
            _BASAL_ROTATION_DEG
            - self.subject.torsion_deg_per_cm * np.clip(level, 0, self.apex) / 10
        )
        return float(np.deg2rad(twisted * turned))

    def base(self, ejected: float) -> float:
        """Level of the mitral plane's middle, mm: it descends towards the apex."""
        return self.apex * (1 - self.shortening(ejected))

    @property
    def base_reach(self) -> float:
        """How far the tilted base departs from its middle at the epicardium, mm of material
        level."""
        return float(
            np.tan(np.deg2rad(self.subject.base_tilt_deg))
            * (self.radius + self.thickness(self.wall, self.septum))
        )

    def base_level(
        self, radius: np.ndarray, angle: np.ndarray, level: float, ejected: float
    ) -> np.ndarray:
        """Material level at which the LV ends above the point (radius, angle): nearer the apex at
        the septum, where the aorta leaves.

        radius, angle: polar coordinates at this moment, mm and radians (untwisted).
        """
        inner = self.radius * profile(level / self.length)
        section = (1 - ejected * self.subject.lv_ef) / self.shortening(ejected)
        moved = inner * np.sqrt(section)
        outside = np.sqrt(
            np.maximum(
                radius**2 * self.shortening(ejected) + ejected * self.subject.lv_ef * inner**2, 0
            )
        )
        material = np.where(radius < moved, radius / np.sqrt(section), outside)
        return (
            np.tan(np.deg2rad(self.subject.base_tilt_deg)) * material * np.cos(angle - self.septum)
        )

    def material_level(self, z: np.ndarray, ejected: float) -> np.ndarray:
        return self.apex - (self.apex - z) / self.shortening(ejected)

    def endocardium(self, level: np.ndarray, ejected: float) -> np.ndarray:
        """Endocardial radius, mm, at material ``level``, at this moment."""
        return (
            self.radius
            * profile(level / self.length)
            * np.sqrt((1 - ejected * self.subject.lv_ef) / self.shortening(ejected))
        )

    def epicardium(self, angle: np.ndarray, level: np.ndarray, ejected: float) -> np.ndarray:
        """Epicardial radius, mm, at the material ``angle`` (radians) and ``level``, at this
        moment."""
        inner = self.radius * profile(level / self.length)
        outer = self._epi(self.wall, angle, level)
        moved = (outer**2 - ejected * self.subject.lv_ef * inner**2) / self.shortening(ejected)
        return np.sqrt(np.maximum(moved, 0))

    def mid_wall(self, ejected: float) -> float:
        """Mean wall thickness, mm, half-way down the cavity, at this moment."""
        level, angles = np.float64(self.length / 2), np.linspace(0, 2 * np.pi, 72, endpoint=False)
        return float(
            np.mean(self.epicardium(angles, level, ejected)) - self.endocardium(level, ejected)
        )
