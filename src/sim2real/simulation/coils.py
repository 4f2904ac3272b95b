"""Receive coils: circular loops round the chest and their fields by Biot and Savart's law."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import ellipe, ellipk

_GRID_MM = 8.0  # fields are summed on a grid this fine and interpolated by cubic splines
_TRANSVERSE = np.eye(3)[:2]  # world x and y, across the body


@dataclass(frozen=True)
class CoilArray:
    """Circular loops in world coordinates. centres, normals: shape (coil, 3), mm and unit length;
    all of one radius, mm.

    middle: the world position at which the root sum of squares is 1, shape (3,). clearance_mm:
    nearer to a conductor than this its field stops growing: it is a band in a padded housing, not a
    line.
    """

    centres: np.ndarray
    normals: np.ndarray
    radius_mm: float
    middle: np.ndarray
    clearance_mm: float = 15.0

    @staticmethod
    def ring(
        n_coils: int,
        middle: np.ndarray,
        distance_mm: float = 190.0,
        loop_mm: float = 110.0,
        rng: np.random.Generator | None = None,
        plane: np.ndarray = _TRANSVERSE,
        clearance_mm: float = 15.0,
    ) -> "CoilArray":
        """Loops on a circle that face its middle.

        Distance and radius are choices of this project: large elements of a torso array.

        Args:
            n_coils: how many.
            middle: of the circle, world mm, shape (3,).
            distance_mm, loop_mm: radius of the circle and of a loop.
            rng: displaces the loops.
            plane: of the circle, two unit vectors, (2, 3); by default round the body's axis.
            clearance_mm: as in ``CoilArray``.
        """
        angles = 2 * np.pi * (np.arange(n_coils) + 0.5) / n_coils
        radii = np.full(n_coils, distance_mm)
        if rng is not None:
            angles = angles + rng.normal(0, 0.15, n_coils)
            radii = radii * np.exp(rng.normal(0, 0.1, n_coils))
        outward = np.cos(angles)[:, None] * plane[0] + np.sin(angles)[:, None] * plane[1]
        centres, middle = middle + radii[:, None] * outward, np.asarray(middle, float)
        return CoilArray(centres, -outward, loop_mm, middle, clearance_mm)

    def field(self, positions: np.ndarray) -> np.ndarray:
        """Flux density of a unit current in each loop at world positions (..., 3), shape (coil,
        ..., 3), in units of µ0/2π per mm."""
        loops = zip(self.centres, self.normals, strict=True)
        return np.stack(
            [
                _loop_field(positions, centre, normal, self.radius_mm, self.clearance_mm)
                for centre, normal in loops
            ]
        )

    def sensitivities(self, positions: np.ndarray) -> np.ndarray:
        r"""Complex receive sensitivity :math:`B_x - iB_y` (Hoult 2000) in the plane across the main
        field, world z; (coil, ...)."""
        field = self.field(np.concatenate([positions.reshape(-1, 3), self.middle[None]]))
        received = field[..., 0] - 1j * field[..., 1]
        received /= np.sqrt(np.sum(np.abs(received[:, -1]) ** 2))
        return received[:, :-1].reshape(-1, *positions.shape[:-1])


def coil_sensitivities(array: CoilArray, affine: np.ndarray, n: int, k: int = 0) -> np.ndarray:
    """Sensitivities at the voxels of a slice; the root sum of squares is 1 in the array's middle.

    Args:
        array: of the coils.
        affine: of the stack, shape (4, 4).
        n: voxels a side.
        k: number of the slice.

    Returns:
        complex64, shape (coil, x, y).
    """
    voxel = float(np.linalg.norm(affine[:3, 0]))
    count = max(int(np.ceil(n * voxel / _GRID_MM)), 4) + 1
    coarse = np.linspace(-0.5, n - 0.5, count)
    corner = affine[:3, 3] + k * affine[:3, 2]
    positions = (
        corner + coarse[:, None, None] * affine[:3, 0] + coarse[None, :, None] * affine[:3, 1]
    )
    fine = make_interp_spline(coarse, np.eye(count))(np.arange(n)).astype(np.float32)
    return fine @ array.sensitivities(positions).astype(np.complex64) @ fine.T


def _loop_field(
    positions: np.ndarray, centre: np.ndarray, normal: np.ndarray, radius: float, clearance: float
) -> np.ndarray:
    r"""Field of a circular loop, exact by complete elliptic integrals (Smythe 1968; Simpson et al.
    2001), shape (..., 3).

    With distance :math:`\rho` from the axis, height z, radius a, :math:`m =
    4a\rho/((a+\rho)^2+z^2)`:

    .. math::
        B_z = \frac{\mu_0 I}{2\pi}\frac{1}{\sqrt{(a+\rho)^2+z^2}}\left[K(m) +
        \frac{a^2-\rho^2-z^2}{(a-\rho)^2+z^2}E(m)\right]

        B_\rho = \frac{\mu_0 I}{2\pi}\frac{z}{\rho\sqrt{(a+\rho)^2+z^2}}\left[-K(m) +
        \frac{a^2+\rho^2+z^2}{(a-\rho)^2+z^2}E(m)\right]

    Points nearer to the conductor than the clearance are moved out to it, along the line from the
    conductor.
    """
    offset = positions - centre
    z = offset @ normal
    across = offset - z[..., None] * normal
    rho = np.maximum(np.linalg.norm(across, axis=-1), 1e-6 * radius)
    outward = across / rho[..., None]
    gap = np.maximum(np.hypot(rho - radius, z), 1e-9)
    push = np.maximum(clearance / gap, 1)
    distance, z = radius + (rho - radius) * push, z * push
    far, near = (radius + distance) ** 2 + z**2, (radius - distance) ** 2 + z**2
    m = 4 * radius * distance / far
    first, second = ellipk(m), ellipe(m)
    along = (first + (radius**2 - distance**2 - z**2) / near * second) / np.sqrt(far)
    radial = (
        z / (distance * np.sqrt(far)) * (-first + (radius**2 + distance**2 + z**2) / near * second)
    )
    return along[..., None] * normal + radial[..., None] * outward
