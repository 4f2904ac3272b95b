"""From a subject to structure maps of short-axis slices."""

from dataclasses import dataclass

import numpy as np

from ..core.images import Image
from ..core.parameters import PopulationParameters
from ..core.seeds import generator
from .fields import PeriodicField
from .heart import INFLOW_MM, Heart
from .structures import ID
from .subjects import Subject
from .torso import Torso

EJECTED = {"ED": 0.0, "ES": 1.0}


def short_axis_frame(subject: Subject) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """World directions (RAS, unit length) of the viewer's right, down, and of the base.

    As scanners prescribe it, the rows of an oblique slice have no component from back to front; ``roll_deg`` turns the rest.
    """
    left, down_tilt = np.deg2rad(subject.axis_tilt_deg)
    base = -np.array([-np.sin(left) * np.cos(down_tilt), np.cos(left) * np.cos(down_tilt), -np.sin(down_tilt)])
    right = np.array([-base[2], 0, base[0]])
    right /= np.linalg.norm(right)
    down = np.cross(base, right)
    roll = np.deg2rad(subject.roll_deg)
    return np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right, base


@dataclass(frozen=True)
class Stack:
    """Where the slices of a subject lie: levels of their centres along the long axis in mm, apex first."""

    centres: np.ndarray
    affine: np.ndarray  # of the imaged stack, slice centres, RAS
    offset_mm: tuple[float, float] = (0.0, 0.0)  # middle of the field of view from the LV's axis, along x and y

    @staticmethod
    def of(heart: Heart, parameters: PopulationParameters, full: bool, offset_mm: tuple[float, float] = (0.0, 0.0)) -> "Stack":
        """The whole ventricle, or its middle six slices (the four that will be used and one to spare each side)."""
        spacing = parameters.slice_spacing_mm
        if full:
            centres = np.arange(heart.apex + 0.2 * spacing, -(INFLOW_MM + spacing / 2), -spacing)
        else:
            # what holds LV, MYO and RV at both phases reaches from the descended base to the RV's apex or the cavity's end
            low = heart.base(1.0)
            high = min(heart.rv_apex, 0.95 * heart.length)
            centres = (low + high) / 2 + spacing * (2.5 - np.arange(6))
        right, down, base = short_axis_frame(heart.subject)
        n = round(parameters.field_of_view_mm / parameters.voxel_mm)
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = right * parameters.voxel_mm, down * parameters.voxel_mm, base * spacing
        corner = (right + down) * (-(n - 1) / 2 * parameters.voxel_mm) + base * (heart.length / 2 - centres[0])
        corner += right * offset_mm[0] + down * offset_mm[1]
        affine[:3, 3] = corner + np.array(heart.subject.heart_shift_mm)
        return Stack(centres, affine, offset_mm)


class Phantom:
    """A subject's anatomy, evaluated wherever slices lie."""

    def __init__(self, subject: Subject):
        self.subject, self.heart, self.torso = subject, Heart(subject), Torso(subject)
        rng = generator(subject.seed, "heart")
        self.lv_ridges = PeriodicField(rng, 9, 45.0, terms=7)
        self.rv_ridges = PeriodicField(rng, 12, 30.0, terms=7)
        self.outline = PeriodicField(rng, 2, 80.0, terms=3)
        self.trabeculation = rng.uniform(0.6, 1.8)
        offsets = np.array([128.0, 242.0]) + rng.normal(0, 9, 2)  # anterolateral and posteromedial, from the septum's middle
        self.papillary_angles = np.deg2rad(subject.septum_angle_deg + np.repeat(offsets, 2) + np.array([-10, 10, -10, 10]))
        self.papillary_radii = rng.uniform(2.8, 5.2, 4) * (self.heart.radius / 26) ** 0.5
        self.papillary_reach = rng.uniform(0.8, 1.7, 4)
        self.band_level, self.band_offset = rng.uniform(0.5, 0.68), rng.normal(0, 6)

    def structures(self, stack: Stack, phases: tuple[str, ...], parameters: PopulationParameters) -> Image:
        """Structure numbers, uint8, shape (x, y, slice, phase, sub_slice); the affine is that of the slices' middles."""
        n = round(parameters.field_of_view_mm / parameters.voxel_mm)
        axis = ((np.arange(n) - (n - 1) / 2) * parameters.voxel_mm).astype(np.float32)
        right, down, base = (direction.astype(np.float32) for direction in short_axis_frame(self.subject))
        count = parameters.sub_slices
        offsets = ((np.arange(count) + 0.5) / count - 0.5) * parameters.slice_thickness_mm
        shift = np.array(self.subject.heart_shift_mm, np.float32)
        x, y = np.meshgrid(axis + np.float32(stack.offset_mm[0]), axis + np.float32(stack.offset_mm[1]), indexing="ij")
        maps = np.empty((n, n, len(stack.centres), len(phases), count), np.uint8)
        depths = {phase: self.heart.rv_depth(EJECTED[phase]) for phase in phases}
        for k, s in np.ndindex(len(stack.centres), count):
            level = np.float32(stack.centres[k] - offsets[s])
            toward_base = np.float32(self.heart.length / 2) - level
            world = [x * right[i] + y * down[i] + toward_base * base[i] + shift[i] for i in range(3)]
            background = self.torso(*world)
            for p, phase in enumerate(phases):
                plane = background.copy()
                self._paint_heart(plane, x, y, level, EJECTED[phase], depths[phase])
                maps[:, :, k, p, s] = plane
        return Image(maps, stack.affine)

    def _paint_heart(self, plane: np.ndarray, x: np.ndarray, y: np.ndarray, z: float, ejected: float, depth: float) -> None:
        """Paint ventricles, atria, great vessels and fat into one plane at level ``z`` of the heart's frame."""
        heart, subject = self.heart, self.subject
        near = (np.abs(x) < 115) & (np.abs(y) < 115)
        x, y = x[near], y[near]
        part = plane[near]
        stretch, tilt = np.sqrt(subject.lv_flattening), np.deg2rad(subject.flattening_angle_deg)
        u, v = x * np.cos(tilt) + y * np.sin(tilt), y * np.cos(tilt) - x * np.sin(tilt)
        u, v = u * stretch, v / stretch  # area kept: the section is an ellipse of the subject's flattening
        hx, hy = u * np.cos(tilt) - v * np.sin(tilt), u * np.sin(tilt) + v * np.cos(tilt)
        radius, angle = np.hypot(hx, hy), np.arctan2(hy, hx)
        level = float(heart.material_level(z, ejected))
        septum = np.deg2rad(subject.septum_angle_deg)

        epi = heart.epicardium(angle, max(level, 0.0), ejected)
        beyond = max(z - heart.apex, 0.0) if level > 0 else heart.base(ejected) - z
        to_lv = radius - epi if level >= 0 and z < heart.apex else np.hypot(np.maximum(radius - epi, 0), beyond)
        along = hx * np.cos(septum) + hy * np.sin(septum)
        across = hy * np.cos(septum) - hx * np.sin(septum)
        centre, radial, transverse = (float(value) for value in heart.rv_ellipse(np.float64(level), ejected, depth))
        e = np.hypot((along - centre) / radial, across / transverse)
        has_rv = -heart.inflow(ejected) < level < heart.rv_apex and radial > 1
        to_rv = (e - 1) * min(radial, transverse) if has_rv else np.full(x.shape, 1e3)

        self._paint_base(part, x, y, z, ejected)
        # fat lies over the RV and in the grooves; the lateral wall borders the lung almost directly
        towards_rv = np.clip(0.5 + 0.75 * np.cos(angle - septum), 0.12, 1.0)
        fat = subject.epicardial_fat_mm * towards_rv * np.maximum(1.1 + 0.6 * self.outline(angle, z), 0.2)
        rounded = _smooth_minimum(to_lv, to_rv - 3.0, 12.0)  # fills the grooves between the ventricles with fat
        if -30 < level:
            part[rounded < fat + 0.9] = ID["pericardium"]
            part[rounded < fat] = ID["epicardial_fat"]
        if has_rv:
            part[(to_rv < 3.0) & (radius > epi)] = ID["rv_wall"]
            blood = (to_rv < 0) & (radius > epi)  # above the mitral plane, too, the RV keeps clear of the LV's outflow
            part[blood] = ID["rv_blood"]
            around = np.arctan2(across / transverse, (along - centre) / radial)
            ridge = np.minimum(2.2 * np.maximum(self.rv_ridges(around, level) - 0.6, 0), 0.25 * min(radial, transverse))
            part[blood & (-to_rv < ridge) & (to_lv > 4)] = ID["rv_trabeculae"]
            if abs(level - self.band_level * heart.apex) < 4:
                part[blood & (np.abs(across - self.band_offset) < 2.2)] = ID["rv_trabeculae"]
        if 0 <= level and z < heart.apex:
            part[to_lv < 0] = ID["lv_myocardium"]
            self._paint_cavity(part, hx, hy, radius, angle, level, ejected)
        plane[near] = part

    def _paint_cavity(self, part, hx, hy, radius, angle, level: float, ejected: float) -> None:
        heart = self.heart
        endo = float(heart.endocardium(np.float64(level), ejected))
        if endo <= 0:
            return
        inside = radius < endo
        part[inside] = ID["lv_blood"]
        u = level / heart.length
        ridge = self.trabeculation * (0.5 + 1.4 * u) * np.maximum(self.lv_ridges(angle, level) - 0.4, 0)
        part[inside & (endo - radius < np.minimum(ridge, 0.5 * endo))] = ID["lv_trabeculae"]
        if not 0.25 < u < 0.82:
            return
        swelling = np.sqrt(1 + 0.25 * ejected) * np.clip(np.sin(np.pi * (u - 0.25) / 0.57), 0, 1) ** 0.5
        for direction, size, reach in zip(self.papillary_angles, self.papillary_radii, self.papillary_reach, strict=True):
            size = min(size * swelling, 0.36 * endo)
            middle = max(endo - reach * size, 0.3 * endo)
            part[inside & (np.hypot(hx - middle * np.cos(direction), hy - middle * np.sin(direction)) < size)] = ID["papillary_muscle"]

    def _paint_base(self, part, x, y, z: float, ejected: float) -> None:
        """Atria and great vessels behind the plane of the valves; they fill while the ventricles empty."""
        above = self.heart.base(ejected) - z  # mm above the mitral plane
        grown, size = 1 + 0.12 * ejected, (self.heart.radius / 26) ** 0.5
        for name, centre, radii in (
            ("right_atrium", (-40 * size, 20 * size, 26), (27, 28, 28)),
            ("left_atrium", (8 * size, 16 * size, 25), (29, 24, 27)),
        ):
            half = [r * grown * size for r in radii]
            e = np.sqrt(sum(((c - m) / r) ** 2 for c, m, r in zip((x, y, above), centre, half, strict=True)))
            part[e < 1 + 2.5 / min(half)] = ID["atrial_wall"]
            part[e < 1] = ID[name]
        for name, start, end, wide in (
            ("aorta", (-7, -7), (-24, -10), 13.5 * size),
            ("pulmonary_trunk", (-24, -34), (4, -38), 12.5 * size),
        ):
            if -2 < above < 75:
                t = above / 65
                away = np.hypot(x - (start[0] + t * (end[0] - start[0])) * size, y - (start[1] + t * (end[1] - start[1])) * size)
                part[away < wide + 2] = ID["vessel_wall"]
                part[away < wide] = ID[name]


def _smooth_minimum(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Minimum of two distances, rounded over ``width`` mm (polynomial blend)."""
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    return b + (a - b) * h - width * h * (1 - h)
