"""From a subject to structure maps of short-axis slices."""

from dataclasses import dataclass

import numpy as np

from ..data import Image, generator
from .cavity import LeftCavity, RightCavity
from .cycle import Moment, moment_of
from .fields import AngularTable, PeriodicField, turned
from .heart import INFLOW_MM, Heart
from .parameters import PopulationParameters
from .right_ventricle import WALL_MM, RightVentricle
from .structures import ID
from .subjects import Subject
from .torso import Torso
from .xcat.pose import frame_of

# of ``population.stack = "middle"``: the four that the paper uses and one to spare each side
MIDDLE_SLICES = 6
# reach of the fat in the corners between heart, chest wall and diaphragm, in thicknesses of the fat
# on the heart
_CORNER_FAT = 1.0
_RIGHT_FAT = 0.6  # thickness of the fat over the RV, share of the person's
RIM_MM = 1.5
"""Width of what is dark like the LV's wall outside its outer contour as people draw it. On the
septum, half of the way from the signal of muscle to that of the RV's blood lies 1.3 mm outside the
contour (20 people of ACDC) or 1.8 mm (two M&Ms cases); at the free wall the signal of muscle goes
on for 2 mm (``benchmarks/contours.py``)."""
_NEAR_MM = 115  # the heart and its fat lie this near to the LV's axis


def short_axis_frame(subject: Subject) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """World directions (RAS, unit length) of the viewer's right, down, and of the base.

    As scanners prescribe it, the rows of an oblique slice have no component from back to front;
    ``roll_deg`` turns the rest.
    """
    left, tilt = np.deg2rad(subject.axis_tilt_deg)
    base = -np.array([-np.sin(left) * np.cos(tilt), np.cos(left) * np.cos(tilt), -np.sin(tilt)])
    right, down = frame_of(base)
    roll = np.deg2rad(subject.roll_deg)
    return (
        np.cos(roll) * right + np.sin(roll) * down,
        np.cos(roll) * down - np.sin(roll) * right,
        base,
    )


@dataclass(frozen=True)
class SlicePlan:
    """Where the slices of a subject lie.

    Args:
        centres: levels of their centres along the long axis, mm, apex first.
        affine: of the imaged stack, slice centres, RAS.
        offset_mm: middle of the field of view from the LV's axis, along x and y.
    """

    centres: np.ndarray
    affine: np.ndarray
    offset_mm: tuple[float, float] = (0.0, 0.0)

    @staticmethod
    def of(
        heart: Heart,
        parameters: PopulationParameters,
        centres: np.ndarray | None = None,
        offset_mm: tuple[float, float] = (0.0, 0.0),
    ) -> "SlicePlan":
        """Slices at ``centres``, evenly spaced levels in mm; by default as ``parameters.stack``
        says: the whole heart, or the LV's middle ``MIDDLE_SLICES``."""
        if centres is None:
            centres = _centres(heart, parameters)
        right, down, base = short_axis_frame(heart.subject)
        voxel, n = parameters.voxel_mm, _pixels(parameters)
        affine = np.eye(4)
        steps = [right * voxel, down * voxel, base * float(centres[0] - centres[1])]
        affine[:3, :3] = np.stack(steps, axis=1)
        corner = (right + down) * (-(n - 1) / 2 * voxel) + base * (heart.length / 2 - centres[0])
        corner += right * offset_mm[0] + down * offset_mm[1]
        affine[:3, 3] = corner + np.array(heart.subject.heart_shift_mm)
        return SlicePlan(centres, affine, offset_mm)


def _centres(heart: Heart, parameters: PopulationParameters) -> np.ndarray:
    spacing = parameters.slice_spacing_mm
    if parameters.stack == "full":
        return np.arange(heart.apex + 0.2 * spacing, -(INFLOW_MM + spacing), -spacing)
    low, high = mid_levels(heart)
    return (low + high) / 2 + spacing * ((MIDDLE_SLICES - 1) / 2 - np.arange(MIDDLE_SLICES))


def _pixels(parameters: PopulationParameters) -> int:
    return round(parameters.field_of_view_mm / parameters.voxel_mm)


def sub_slice_offsets(parameters: PopulationParameters) -> np.ndarray:
    """Distances of a slice's structure maps from its middle, mm, shape (sub_slice,)."""
    n = parameters.sub_slices
    return ((np.arange(n) + 0.5) / n - 0.5) * parameters.slice_thickness_mm


def mid_levels(heart: Heart) -> tuple[float, float]:
    """Levels, mm, between which a slice holds LV, MYO and RV at both phases: from the descended
    base to the RV's apex or the cavity's end."""
    low = heart.base(1.0) + heart.base_reach * heart.shortening(1.0)
    return low, min(RightVentricle(heart).apex, 0.95 * heart.length)


def cine_levels(heart: Heart) -> np.ndarray:
    """Levels, mm, of an apical, a middle and a basal slice that hold the ventricles at every phase,
    evenly spaced."""
    low, high = mid_levels(heart)
    return low + np.array([0.85, 0.5, 0.15]) * (high - low)


class Phantom:
    """A subject's anatomy, evaluated wherever slices lie."""

    def __init__(self, subject: Subject):
        self.subject, self.heart = subject, Heart(subject)
        self.right = RightVentricle(self.heart)
        self.left_cavity, self.right_cavity = LeftCavity(self.heart), RightCavity(self.right)
        self.fat_lobes = PeriodicField(generator(subject.seed, "heart"), 2, 80.0, terms=3)
        self.torso = Torso(subject, self._surface())

    def structures(
        self, plan: SlicePlan, phases: tuple[str | float, ...], parameters: PopulationParameters
    ) -> Image:
        """Structure numbers of all slices and phases.

        Args:
            plan: where the slices lie.
            phases: ``ED``, ``ES`` or shares of the cardiac cycle, 0 to 1.
            parameters: of voxels, field of view and sub-slices.

        Returns:
            uint8, shape (x, y, slice, phase, sub_slice); the affine is that of the slices' middles.

        Raises:
            Sim2RealError: where the subject's volumes fit no heart, and for a share outside the
                cycle.
        """
        n, subject = _pixels(parameters), self.subject
        axis = ((np.arange(n) - (n - 1) / 2) * parameters.voxel_mm).astype(np.float32)
        x, y = np.meshgrid(*(axis + np.float32(mm) for mm in plan.offset_mm), indexing="ij")
        right, down, base = (d.astype(np.float32) for d in short_axis_frame(subject))
        shift = np.array(subject.heart_shift_mm, np.float32)
        moments = [moment_of(phase, subject.heart_rate_bpm, subject.sex) for phase in phases]
        offsets = sub_slice_offsets(parameters)
        maps = np.empty((n, n, len(plan.centres), len(phases), len(offsets)), np.uint8)
        for k, s in np.ndindex(len(plan.centres), len(offsets)):
            level = np.float32(plan.centres[k] - offsets[s])
            toward_base = np.float32(self.heart.length / 2) - level
            background, room = self.torso(
                *(x * right[i] + y * down[i] + toward_base * base[i] + shift[i] for i in range(3))
            )
            for p, moment in enumerate(moments):
                plane = background.copy()
                self._paint_heart(plane, room, x, y, level, moment)
                maps[:, :, k, p, s] = plane
        return Image(maps, plan.affine)

    def _surface(self) -> np.ndarray:
        """Points on the outside of both ventricles at ED below the base, world coordinates, shape
        (point, 3), mm."""
        heart, right = self.heart, self.right
        ring = np.linspace(0, 2 * np.pi, 36, endpoint=False)
        points = []
        for level in np.linspace(0, 0.98 * heart.apex, 24):
            radius = heart.epicardium(ring, level, 0.0)
            polar = [(radius * np.cos(ring), radius * np.sin(ring))]
            if level < right.apex:
                centre, radial, across = right.section(level, 0.0, right.depth(0.0))
                to_rv = right.direction(level)
                along = centre + (radial + WALL_MM) * np.cos(ring)
                aside = (across + WALL_MM) * np.sin(ring)
                polar.append(
                    (
                        along * np.cos(to_rv) - aside * np.sin(to_rv),
                        along * np.sin(to_rv) + aside * np.cos(to_rv),
                    )
                )
            for x, y in polar:
                points.append(np.stack([*self.heart.outline.shaped(x, y), np.full(x.shape, level)]))
        x, y, level = np.concatenate(points, axis=1)
        right_of, down, base = short_axis_frame(self.subject)
        world = np.outer(x, right_of) + np.outer(y, down)
        world += np.outer(heart.length / 2 - level, base)
        return world + np.array(self.subject.heart_shift_mm)

    def _paint_heart(
        self,
        plane: np.ndarray,
        room: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        z: float,
        moment: Moment,
    ) -> None:
        """Paint ventricles, atria, great vessels and fat into one plane at level ``z`` of the
        heart's frame; ``room``: mm to chest wall and diaphragm."""
        heart, right, ejected = self.heart, self.right, moment.ejected
        near = (np.abs(x) < _NEAR_MM) & (np.abs(y) < _NEAR_MM)
        x, y, part, room = x[near], y[near], plane[near], room[near]
        hx, hy = self.heart.outline.rounded(x, y)
        level = float(heart.material_level(z, ejected))
        radius, angle = np.hypot(hx, hy), np.arctan2(hy, hx) - heart.twist(level, moment.twisted)
        round_lv = AngularTable(angle)
        epi = round_lv(lambda ring: heart.epicardium(ring, max(level, 0.0), ejected))
        to_lv = radius - epi
        if level < 0 or z >= heart.apex:
            beyond = max(z - heart.apex, 0.0) if level > 0 else heart.base(ejected) - z
            to_lv = np.hypot(np.maximum(to_lv, 0), beyond)
        from_rv = angle - right.direction(level)
        centre, radial, transverse = map(float, right.section(level, ejected, right.depth(ejected)))
        s = (radius * np.cos(from_rv) - centre) / radial
        t = radius * np.sin(from_rv) / transverse
        has_rv = -right.inflow(ejected) < level < right.apex and radial > 1
        round_rv = AngularTable(np.arctan2(t, s))
        to_rv = np.full(x.shape, 1e3, np.float32)
        if has_rv:
            to_rv = (right.measure(s, t, round_rv) - 1) * min(radial, transverse)

        fat = round_lv(lambda ring: self._fat(ring, z))
        if -30 < level:
            # fills the grooves between the ventricles with fat
            to_heart = _smooth_minimum(to_lv - RIM_MM, to_rv - WALL_MM, 12.0)
            # and the corners where the heart meets the chest wall and the diaphragm
            corner = np.maximum(to_heart, 0) + np.maximum(room, 0)
            part[(room > 0) & (corner < _CORNER_FAT * fat + 1)] = ID["mediastinal_fat"]
            part[to_heart < fat + 0.9] = ID["pericardium"]
            part[to_heart < fat] = ID["epicardial_fat"]
        self._paint_base(part, x, y, heart.base(ejected) - z, ejected)
        if has_rv:
            outside_lv = radius > epi  # above the mitral plane, too: clear of the LV's outflow
            part[(to_rv < WALL_MM) & outside_lv] = ID["rv_wall"]
            blood = (to_rv < 0) & outside_lv
            part[blood] = ID["rv_blood"]
            self.right_cavity.paint(
                part, blood, s, t, round_rv, -to_rv, to_lv, (radial, transverse), level
            )
        if -heart.base_reach < level and z < heart.apex:
            below_base = level >= heart.base_level(radius, angle, level, ejected)
            outer = epi if level >= 0 else heart.epicardium(angle, level, ejected)
            rim = below_base & (radius < outer + RIM_MM)
            in_right = np.isin(part, (ID["rv_blood"], ID["rv_trabeculae"]))
            part[rim & in_right] = ID["septal_rim"]
            part[rim & ~in_right & (part != ID["rv_wall"])] = ID["lv_rim"]
            part[below_base & (radius < outer)] = ID["lv_myocardium"]
            inside = below_base & (radius < float(heart.endocardium(level, ejected)))
            part[inside] = ID["lv_blood"]
            self.left_cavity.paint(part, radius, angle, round_lv, inside, level, ejected)
        plane[near] = part

    def _fat(self, ring: np.ndarray, z: float) -> np.ndarray:
        """Thickness of the fat on the heart, mm, at angles of the LV: over the RV a share of the
        person's, on the free wall as much as the person has there."""
        free = self.subject.free_wall_fat
        rightwards = np.clip(0.5 + 0.75 * np.cos(ring - self.heart.septum), 0, 1)
        lobes = np.maximum(1.1 + 0.6 * self.fat_lobes(ring, z), 0.2)
        return self.subject.epicardial_fat_mm * lobes * (free + (_RIGHT_FAT - free) * rightwards)

    def _paint_base(self, part, x, y, above: float, ejected: float) -> None:
        """Atria and great vessels, ``above`` mm over the plane of the valves; they fill while the
        ventricles empty."""
        grown, size = 1 + 0.12 * ejected, (self.heart.radius / 26) ** 0.5
        x, y = turned(x, y, self.subject.roll_deg)
        for name, centre, radii in (
            ("right_atrium", (-40 * size, 20 * size, 26), (27, 28, 28)),
            ("left_atrium", (8 * size, 16 * size, 22), (29, 24, 27)),
        ):
            half = [r * grown * size for r in radii]
            axes = zip((x, y, above), centre, half, strict=True)
            e = np.sqrt(sum(((c - m) / r) ** 2 for c, m, r in axes))
            part[e < 1 + 2.5 / min(half)] = ID["atrial_wall"]
            part[e < 1] = ID[name]
        if not -8 < above < 75:
            return
        for name, start, end, wide in (
            ("aorta", (-7, -7), (-24, -10), 13.5 * size),
            ("pulmonary_trunk", (-24, -34), (4, -38), 12.5 * size),
        ):
            mx, my = ((a + above / 65 * (b - a)) * size for a, b in zip(start, end, strict=True))
            distance = np.hypot(x - mx, y - my)
            part[distance < wide + 2] = ID["vessel_wall"]
            part[distance < wide] = ID[name]


def maps_of(
    subject: Subject,
    phases: tuple[str | float, ...],
    parameters: PopulationParameters,
    offset_mm: tuple[float, float] = (0.0, 0.0),
) -> Image:
    """The structure maps of a subject's slices, see ``SlicePlan.of`` and ``Phantom.structures``."""
    phantom = Phantom(subject)
    plan = SlicePlan.of(phantom.heart, parameters, offset_mm=offset_mm)
    return phantom.structures(plan, phases, parameters)


def _smooth_minimum(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Minimum of two distances, rounded over ``width`` mm (polynomial blend)."""
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    return b + (a - b) * h - width * h * (1 - h)
