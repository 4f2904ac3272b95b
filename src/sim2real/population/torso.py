"""What lies round the heart, in world coordinates: mm, right-anterior-superior, origin at the LV's
middle.

Everything is a level set of position, painted from the outside in. Sizes are those of an adult
chest, scaled with the square root of the body's surface; none is fitted to a single person.
"""

import numpy as np

from ..data import generator
from .fields import CosineField
from .structures import ID
from .subjects import Subject

_MIDLINE = 45.0  # the heart's middle lies this far left of the spine
_SUNK_MM = 5.0  # of the heart's lowest point below the diaphragm's surface
_CENTRE_AP = -25.0  # the chest's middle lies behind the heart's


class Torso:
    """Structures of the chest and upper abdomen without the heart; the same at every phase."""

    def __init__(self, subject: Subject, heart_surface: np.ndarray):
        """heart_surface: points on the heart at ED, world coordinates, shape (point, 3), mm."""
        self.subject = subject
        rng = generator(subject.seed, "torso")
        self.scale = float(np.sqrt(subject.body_surface_m2 / 1.85))
        self.half_width, self.half_depth = (
            150 * self.scale + subject.fat_mm,
            98 * self.scale + subject.fat_mm,
        )
        self.wobble = CosineField(rng, 3, 45.0)
        self.lung_vessels = [CosineField(rng, 3, 13.0, terms=7) for _ in range(2)]
        self.liver_vessels = [CosineField(rng, 3, 24.0, terms=7) for _ in range(2)]
        self.bowel = CosineField(
            rng, 3, 16.0
        )  # bowel and omentum below the stomach: a mixture, not drawn loop by loop
        self.rib_phase = rng.uniform(0, 1)
        self.stomach = np.array([-28, -38, 0]) + rng.normal(0, 8, 3)
        self.stomach_radii = np.array([52, 50, 44]) * rng.uniform(0.75, 1.15)
        self.gas_level = rng.uniform(
            5, 40
        )  # gas collects at the front of the stomach, in a person who lies down
        self.liver_edge = rng.normal(0, 14)
        self.aorta = np.array([17, -76]) * self.scale + rng.normal(0, 3, 2)
        self.aorta_radius = rng.uniform(10, 13.5)
        self.lobules = CosineField(rng, 3, 20.0)  # of the fat between the lungs
        self.back_mm, self.lift_mm = 0.0, 0.0
        self._fit(*heart_surface.T)

    def _fit(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
        """Move the chest to the heart: its front wall stands ``chest_gap_mm`` before it, and the
        diaphragm carries it."""
        lower = z < np.median(z)  # the front wall is met by the part over the diaphragm
        _, to_wall = self._from_chest_wall(x[lower], y[lower], z[lower])
        self.back_mm = float(to_wall.min()) - self.subject.chest_gap_mm
        clearance = z - self._diaphragm(x, y + self.back_mm)
        self.lift_mm = float(clearance.min()) + _SUNK_MM + self.subject.diaphragm_mm / 4

    def _from_chest_wall(self, x, y, z) -> tuple[np.ndarray, np.ndarray]:
        """Depth below the subcutaneous fat, and below the inner side of the chest wall, mm."""
        depth = self._depth_below_skin(x, y, z)
        front = np.clip((y - _CENTRE_AP) / self.half_depth, -1, 1)
        fat = self.subject.fat_mm * (
            0.95 + 0.35 * front * np.abs(np.sin(x / 60.0)) + 0.12 * self.wobble(x, y, z)
        )
        back = np.where(front < 0, 24 * np.exp(-(((x - _MIDLINE) / 55) ** 2)), 0)
        inner = depth - 2 - fat
        return inner, inner - 17 - back

    def __call__(
        self, x: np.ndarray, y: np.ndarray, z: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What lies at world positions in mm, arrays of one shape.

        Returns:
            Structure numbers (uint8), and mm to the nearer of chest wall and diaphragm, positive
            between them.
        """
        y = y + np.float32(self.back_mm)
        depth = self._depth_below_skin(x, y, z)
        inner, in_cavity = self._from_chest_wall(x, y, z)
        result = np.full(x.shape, ID["air"], np.uint8)
        result[depth > 0] = ID["skin"]
        result[depth > 2] = ID["subcutaneous_fat"]
        result[inner > 0] = ID["muscle"]
        self._paint_ribs(result, inner, x, y, z)
        cavity = in_cavity > 0
        above = z - self._diaphragm(x, y)
        self._paint_chest(result, cavity & (above > 0), x, y, z)
        self._paint_abdomen(result, cavity & (above <= 0), above, x, y, z)
        self._paint_spine_and_vessels(result, x, y, z)
        return result, np.minimum(in_cavity, above)

    def _depth_below_skin(self, x, y, z):
        width = self.half_width * (1 - 0.0006 * z)
        depth = self.half_depth * (1 - 0.0009 * z)
        e = (np.abs((x - _MIDLINE) / width) ** 2.5 + np.abs((y - _CENTRE_AP) / depth) ** 2.5) ** 0.4
        return (1 - e) * depth

    def _diaphragm(self, x, y):
        """Height of the diaphragm, mm: two domes and the tendon under the heart."""
        k = self.scale
        right = -6 - 42 * ((x - 118 * k) / 68) ** 2 - 40 * ((y + 22) / 72) ** 2
        left = -17 - 34 * ((x + 16 * k) / 66) ** 2 - 34 * ((y + 44) / 66) ** 2
        return np.maximum(np.maximum(right, left), -120) + np.float32(self.lift_mm)

    def _paint_ribs(self, result, inner, x, y, z):
        around = np.arctan2(y - _CENTRE_AP, x - _MIDLINE)
        sloped = (
            z + 28 * np.sin(around) + 30 * self.rib_phase
        )  # ribs fall from the spine to the front
        across = np.abs((sloped / 27.0) % 1 - 0.5) * 27.0  # 0 in a rib's middle
        rib = ((across / 6.5) ** 2 + ((inner - 10) / 4.5) ** 2 < 1) & (np.abs(x - _MIDLINE) > 22)
        result[rib] = ID["rib"]
        sternum = (np.abs(x - _MIDLINE) < 17) & (y > _CENTRE_AP) & (inner > 3) & (inner < 13)
        result[sternum] = ID["sternum"]

    def _paint_chest(self, result, chest, x, y, z):
        bulge = 6 * self.wobble(x, y, z) + 5 * self.lobules(x, y, z)
        behind = 1 / (1 + np.exp((y + 50) / 6))  # 0 in front, 1 behind
        mediastinum = np.abs(x - _MIDLINE + 6) < 4 + 16 * behind + bulge
        result[chest] = ID["lung"]
        result[chest & mediastinum] = ID["mediastinal_fat"]
        lung = chest & ~mediastinum
        radius = np.clip(
            0.16 + 0.10 * self.wobble(z, x, y)[lung], 0.05, 0.4
        )  # near the hilum wider, elsewhere fine
        tubes = (
            self.lung_vessels[0](x[lung], y[lung], z[lung]) ** 2
            + self.lung_vessels[1](x[lung], y[lung], z[lung]) ** 2
            < radius**2
        )
        result[lung] = np.where(tubes, ID["lung_vessels"], ID["lung"])

    def _paint_abdomen(self, result, abdomen, above, x, y, z):
        result[abdomen] = np.where(
            self.bowel(x, y, z) > 0.7, ID["abdominal_fat"], ID["stomach_wall"]
        )[abdomen]
        edge = (
            -6
            + self.liver_edge
            - 0.45 * (y + 20)
            + 7 * self.wobble(y, z, x)
            + 4 * self.lobules(z, x, y)
        )
        liver = abdomen & (x > edge)
        result[liver] = ID["liver"]
        px, py, pz = x[liver], y[liver], z[liver]
        tubes = (
            self.liver_vessels[0](px, py, pz) ** 2 + self.liver_vessels[1](px, py, pz) ** 2
            < 0.13**2
        )
        result[liver] = np.where(tubes, ID["liver_vessels"], ID["liver"])
        top = -58 + self.lift_mm
        e = np.sqrt(
            sum(
                ((c - m) / r) ** 2
                for c, m, r in zip((x, y, z - top), self.stomach, self.stomach_radii, strict=True)
            )
        )
        stomach = abdomen & ~liver & (e < 1)
        result[stomach] = ID["stomach_wall"]
        content = stomach & ((1 - e) * self.stomach_radii.min() > 4)
        result[content] = ID["stomach_content"]
        result[content & (y > self.stomach[1] + self.gas_level)] = ID["air"]
        spleen = abdomen & (((x + 88) / 30) ** 2 + ((y + 82) / 42) ** 2 + ((z + 62) / 44) ** 2 < 1)
        result[spleen] = ID["spleen"]
        result[abdomen & (above > -3)] = ID["diaphragm"]

    def _paint_spine_and_vessels(self, result, x, y, z):
        body = np.hypot((x - _MIDLINE) / 1.15, y + 104 * self.scale)
        near = body < 60
        result[near & (body < 17)] = ID["vertebra"]
        result[near & (body < 16) & (np.abs((z / 26.0) % 1 - 0.5) < 0.11)] = ID[
            "muscle"
        ]  # discs: dark, like muscle
        canal = np.hypot(x - _MIDLINE, y + 131 * self.scale)
        result[canal < 12] = ID["vertebra"]
        result[canal < 9] = ID["spinal_canal"]
        result[canal < 4.5] = ID["spinal_cord"]
        aorta = np.hypot(x - self.aorta[0], y - self.aorta[1])
        result[aorta < self.aorta_radius + 2] = ID["vessel_wall"]
        result[aorta < self.aorta_radius] = ID["aorta"]
        result[np.hypot((x - 33) / 1.4, y + 62 * self.scale) < 6] = ID["oesophagus"]
        vena_cava = np.hypot(x - 66 * self.scale, y + 34) < 12
        result[vena_cava & ((z < -15) | (z > 45))] = ID["vena_cava"]
