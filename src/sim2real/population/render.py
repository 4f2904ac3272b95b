"""From a subject to structure maps of short-axis slices."""

from dataclasses import dataclass

import numpy as np

from ..data.images import Image
from ..data.seeds import generator
from .cavity import LeftCavity, RightCavity
from .cycle import Moment, moment_of
from .fields import AngularTable, PeriodicField
from .heart import INFLOW_MM, Heart
from .parameters import PopulationParameters
from .right_ventricle import WALL_MM, RightVentricle
from .structures import ID
from .subjects import Subject
from .torso import Torso
from .xcat.pose import frame_of

MIDDLE_SLICES = (
    6  # of ``population.stack = "middle"``: the four that the paper uses and one to spare each side
)


def short_axis_frame(subject: Subject) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """World directions (RAS, unit length) of the viewer's right, down, and of the base.

    As scanners prescribe it, the rows of an oblique slice have no component from back to front;
    ``roll_deg`` turns the rest.
    """
    left, down_tilt = np.deg2rad(subject.axis_tilt_deg)
    base = -np.array(
        [-np.sin(left) * np.cos(down_tilt), np.cos(left) * np.cos(down_tilt), -np.sin(down_tilt)]
    )
    right, down = frame_of(base)
    roll = np.deg2rad(subject.roll_deg)
    return (
        np.cos(roll) * right + np.sin(roll) * down,
        np.cos(roll) * down - np.sin(roll) * right,
        base,
    )


@dataclass(frozen=True)
class Stack:
    """Where the slices of a subject lie: levels of their centres along the long axis in mm, apex
    first."""

    centres: np.ndarray
    affine: np.ndarray  # of the imaged stack, slice centres, RAS
    offset_mm: tuple[float, float] = (
        0.0,
        0.0,
    )  # middle of the field of view from the LV's axis, along x and y

    @staticmethod
    def of(
        heart: Heart, parameters: PopulationParameters, offset_mm: tuple[float, float] = (0.0, 0.0)
    ) -> "Stack":
        """The whole heart, or the LV's middle ``MIDDLE_SLICES``."""
        spacing = parameters.slice_spacing_mm
        if parameters.stack == "full":
            return Stack.at(
                heart,
                parameters,
                np.arange(heart.apex + 0.2 * spacing, -(INFLOW_MM + spacing / 2), -spacing),
                offset_mm,
            )
        low, high = mid_levels(heart)
        return Stack.at(
            heart,
            parameters,
            (low + high) / 2 + spacing * ((MIDDLE_SLICES - 1) / 2 - np.arange(MIDDLE_SLICES)),
            offset_mm,
        )

    @staticmethod
    def at(
        heart: Heart,
        parameters: PopulationParameters,
        centres: np.ndarray,
        offset_mm: tuple[float, float] = (0.0, 0.0),
    ) -> "Stack":
        """Slices at ``centres``: evenly spaced levels in mm, apex first."""
        spacing = float(centres[0] - centres[1])
        right, down, base = short_axis_frame(heart.subject)
        n = round(parameters.field_of_view_mm / parameters.voxel_mm)
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = (
            right * parameters.voxel_mm,
            down * parameters.voxel_mm,
            base * spacing,
        )
        corner = (right + down) * (-(n - 1) / 2 * parameters.voxel_mm) + base * (
            heart.length / 2 - centres[0]
        )
        corner += right * offset_mm[0] + down * offset_mm[1]
        affine[:3, 3] = corner + np.array(heart.subject.heart_shift_mm)
        return Stack(centres, affine, offset_mm)


def mid_levels(heart: Heart) -> tuple[float, float]:
    """Levels, mm, between which a slice holds LV, MYO and RV at both phases: from the descended
    base to the RV's apex or the cavity's end."""
    return heart.base(1.0) + heart.base_reach * heart.shortening(1.0), min(
        RightVentricle(heart).apex, 0.95 * heart.length
    )


def cine_levels(heart: Heart) -> np.ndarray:
    """Levels, mm, of an apical, a middle and a basal slice that hold the ventricles at every phase,
    evenly spaced."""
    low, high = mid_levels(heart)
    return low + np.array([0.85, 0.5, 0.15]) * (high - low)


class Phantom:
    """A subject's anatomy, evaluated wherever slices lie."""

    def __init__(self, subject: Subject):
        self.subject, self.heart, self.torso = subject, Heart(subject), Torso(subject)
        self.right = RightVentricle(self.heart)
        self.left_cavity, self.right_cavity = LeftCavity(self.heart), RightCavity(self.right)
        self.outline = PeriodicField(generator(subject.seed, "heart"), 2, 80.0, terms=3)

    def structures(
        self, stack: Stack, phases: tuple[str | float, ...], parameters: PopulationParameters
    ) -> Image:
        """Structure numbers, uint8, shape (x, y, slice, phase, sub_slice); the affine is that of
        the slices' middles.

        phases: ``ED``, ``ES`` or shares of the cardiac cycle, 0 to 1.
        """
        n = round(parameters.field_of_view_mm / parameters.voxel_mm)
        axis = ((np.arange(n) - (n - 1) / 2) * parameters.voxel_mm).astype(np.float32)
        right, down, base = (
            direction.astype(np.float32) for direction in short_axis_frame(self.subject)
        )
        count = parameters.sub_slices
        offsets = ((np.arange(count) + 0.5) / count - 0.5) * parameters.slice_thickness_mm
        shift = np.array(self.subject.heart_shift_mm, np.float32)
        x, y = np.meshgrid(
            axis + np.float32(stack.offset_mm[0]),
            axis + np.float32(stack.offset_mm[1]),
            indexing="ij",
        )
        maps = np.empty((n, n, len(stack.centres), len(phases), count), np.uint8)
        moments = [
            moment_of(phase, self.subject.heart_rate_bpm, self.subject.sex) for phase in phases
        ]
        for k, s in np.ndindex(len(stack.centres), count):
            level = np.float32(stack.centres[k] - offsets[s])
            toward_base = np.float32(self.heart.length / 2) - level
            world = [
                x * right[i] + y * down[i] + toward_base * base[i] + shift[i] for i in range(3)
            ]
            background = self.torso(*world)
            for p, moment in enumerate(moments):
                plane = background.copy()
                self._paint_heart(plane, x, y, level, moment)
                maps[:, :, k, p, s] = plane
        return Image(maps, stack.affine)

    def _paint_heart(
        self, plane: np.ndarray, x: np.ndarray, y: np.ndarray, z: float, moment: Moment
    ) -> None:
        """Paint ventricles, atria, great vessels and fat into one plane at level ``z`` of the
        heart's frame."""
        heart, subject, ejected = self.heart, self.subject, moment.ejected
        near = (np.abs(x) < 115) & (np.abs(y) < 115)
        x, y = x[near], y[near]
        part = plane[near]
        hx, hy = self._rounded(x, y)
        level = float(heart.material_level(z, ejected))
        radius, angle = np.hypot(hx, hy), np.arctan2(hy, hx) - heart.twist(level, moment.twisted)
        round_lv = AngularTable(angle)
        epi = round_lv(lambda ring: heart.epicardium(ring, max(level, 0.0), ejected))
        beyond = max(z - heart.apex, 0.0) if level > 0 else heart.base(ejected) - z
        to_lv = (
            radius - epi
            if level >= 0 and z < heart.apex
            else np.hypot(np.maximum(radius - epi, 0), beyond)
        )
        from_rv = angle - self.right.direction(level)
        along, across = radius * np.cos(from_rv), radius * np.sin(from_rv)
        centre, radial, transverse = (
            float(v)
            for v in self.right.section(np.float64(level), ejected, self.right.depth(ejected))
        )
        s, t = (along - centre) / radial, across / transverse
        has_rv = -self.right.inflow(ejected) < level < self.right.apex and radial > 1
        round_rv = AngularTable(np.arctan2(t, s))
        to_rv = (
            (self.right.measure(s, t, round_rv) - 1) * min(radial, transverse)
            if has_rv
            else np.full(x.shape, 1e3, np.float32)
        )

        # fat lies over the RV and in the grooves; the lateral wall borders the lung almost directly
        fat = subject.epicardial_fat_mm * round_lv(
            lambda ring: (
                np.clip(0.5 + 0.75 * np.cos(ring - heart.septum), 0.12, 1.0)
                * np.maximum(1.1 + 0.6 * self.outline(ring, z), 0.2)
            )
        )
        rounded = _smooth_minimum(
            to_lv, to_rv - WALL_MM, 12.0
        )  # fills the grooves between the ventricles with fat
        if -30 < level:
            part[rounded < fat + 0.9] = ID["pericardium"]
            part[rounded < fat] = ID["epicardial_fat"]
        self._paint_base(part, x, y, z, ejected)
        if has_rv:
            part[(to_rv < WALL_MM) & (radius > epi)] = ID["rv_wall"]
            blood = (to_rv < 0) & (
                radius > epi
            )  # above the mitral plane, too, the RV keeps clear of the LV's outflow
            part[blood] = ID["rv_blood"]
            self.right_cavity.paint(
                part, blood, s, t, round_rv, -to_rv, to_lv, (radial, transverse), level
            )
        if -heart.base_reach < level and z < heart.apex:
            below_base = level >= heart.base_level(radius, angle, level, ejected)
            part[
                below_base
                & (radius < (epi if level >= 0 else heart.epicardium(angle, level, ejected)))
            ] = ID["lv_myocardium"]
            inside = below_base & (radius < float(heart.endocardium(np.float64(level), ejected)))
            part[inside] = ID["lv_blood"]
            if inside.any():
                self.left_cavity.paint(part, radius, angle, round_lv, inside, level, ejected)
        plane[near] = part

    def _rounded(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the frame where the LV's section is round: an ellipse of the subject's
        flattening, its area kept."""
        stretch, tilt = (
            np.sqrt(self.subject.lv_flattening),
            np.deg2rad(self.subject.flattening_angle_deg),
        )
        u, v = x * np.cos(tilt) + y * np.sin(tilt), y * np.cos(tilt) - x * np.sin(tilt)
        u, v = u * stretch, v / stretch
        return u * np.cos(tilt) - v * np.sin(tilt), u * np.sin(tilt) + v * np.cos(tilt)

    def _paint_base(self, part, x, y, z: float, ejected: float) -> None:
        """Atria and great vessels behind the plane of the valves; they fill while the ventricles
        empty."""
        above = self.heart.base(ejected) - z  # mm above the mitral plane
        grown, size = 1 + 0.12 * ejected, (self.heart.radius / 26) ** 0.5
        for name, centre, radii in (
            ("right_atrium", (-40 * size, 20 * size, 26), (27, 28, 28)),
            ("left_atrium", (8 * size, 16 * size, 22), (29, 24, 27)),
        ):
            half = [r * grown * size for r in radii]
            e = np.sqrt(
                sum(((c - m) / r) ** 2 for c, m, r in zip((x, y, above), centre, half, strict=True))
            )
            part[e < 1 + 2.5 / min(half)] = ID["atrial_wall"]
            part[e < 1] = ID[name]
        for name, start, end, wide in (
            ("aorta", (-7, -7), (-24, -10), 13.5 * size),
            ("pulmonary_trunk", (-24, -34), (4, -38), 12.5 * size),
        ):
            if -8 < above < 75:
                t = above / 65
                away = np.hypot(
                    x - (start[0] + t * (end[0] - start[0])) * size,
                    y - (start[1] + t * (end[1] - start[1])) * size,
                )
                part[away < wide + 2] = ID["vessel_wall"]
                part[away < wide] = ID[name]


def _smooth_minimum(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Minimum of two distances, rounded over ``width`` mm (polynomial blend)."""
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    return b + (a - b) * h - width * h * (1 - h)
