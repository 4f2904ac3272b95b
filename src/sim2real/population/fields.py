"""Smooth random functions of position: sums of a few cosines, drawn once, evaluated anywhere."""

import numpy as np


class CosineField:
    """A random function of mean 0 and SD 1 with detail of about ``scale`` in the units of its
    arguments."""

    def __init__(
        self, rng: np.random.Generator, dimensions: int, scale: float | np.ndarray, terms: int = 6
    ):
        direction = rng.standard_normal((terms, dimensions))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        self.waves = (
            direction * rng.uniform(0.7, 1.4, (terms, 1)) * np.pi / np.asarray(scale)
        ).astype(np.float32)
        self.phases = rng.uniform(0, 2 * np.pi, terms).astype(np.float32)

    def __call__(self, *coordinates: np.ndarray) -> np.ndarray:
        total = np.float32(0)
        for wave, phase in zip(self.waves, self.phases, strict=True):
            argument = phase
            for weight, coordinate in zip(wave, coordinates, strict=True):
                argument = argument + weight * coordinate
            total = total + np.cos(argument)
        return total * np.float32(np.sqrt(2 / len(self.phases)))


class PeriodicField:
    """A random function of an angle and a height: ridges that run along the height, ``count`` or so
    around."""

    def __init__(self, rng: np.random.Generator, count: int, height: float, terms: int = 5):
        self.orders = rng.integers(max(1, count // 2), count + count // 2 + 1, terms)
        self.slopes = rng.normal(0, np.pi / height, terms)
        self.phases = rng.uniform(0, 2 * np.pi, terms)

    def __call__(self, angle: np.ndarray, height: np.ndarray) -> np.ndarray:
        total = np.float32(0)
        for order, slope, phase in zip(self.orders, self.slopes, self.phases, strict=True):
            total = total + np.cos(
                np.float32(order) * angle
                + np.float32(slope) * np.float32(height)
                + np.float32(phase)
            )
        return total * np.float32(np.sqrt(2 / len(self.orders)))


class RingField:
    """A smooth random function of an angle, of mean 0 and SD 1 over the ring.

    Args:
        rng: of its coefficients.
        orders: of its harmonics, weighted by one over the order, so that it has no corners.
    """

    def __init__(self, rng: np.random.Generator, orders: tuple[int, ...]):
        self.orders = np.array(orders)
        weights = rng.standard_normal((2, len(orders))) / self.orders
        self.weights = weights / np.sqrt((weights**2).sum() / 2)

    def __call__(self, angle: np.ndarray) -> np.ndarray:
        """The function at ``angle``, radians, any shape."""
        turns = np.multiply.outer(angle, self.orders)
        return np.cos(turns) @ self.weights[0] + np.sin(turns) @ self.weights[1]


class AngularTable:
    """Functions of an angle alone, each evaluated on a ring of angles and interpolated linearly at
    many points."""

    _COUNT = 1440

    def __init__(self, angle: np.ndarray):
        """angle: any shape, radians."""
        turn = angle * np.float32(self._COUNT / (2 * np.pi))
        below = np.floor(turn)
        self.share = turn - below
        self.index = below.astype(np.int32) % self._COUNT

    def __call__(self, function) -> np.ndarray:
        """``function`` of the angles, in their shape, float32; it is given a vector of radians,
        from 0 to 2π."""
        ring = np.asarray(
            function(np.arange(self._COUNT + 1) * (2 * np.pi / self._COUNT)), np.float32
        )
        low = ring[self.index]
        return low + self.share * (ring[self.index + 1] - low)


def turned(x: np.ndarray, y: np.ndarray, angle_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """The vectors (x, y) turned by ``angle_deg`` from x to y."""
    c, s = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return x * c - y * s, x * s + y * c
