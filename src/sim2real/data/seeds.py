"""Random numbers that depend on a seed and on names, never on order or on the number of workers."""

import hashlib

import numpy as np


def seed_of(seed: int, *names: object) -> int:
    """A 63-bit integer from ``seed`` and any number of names (strings or integers)."""
    text = "/".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: object) -> np.random.Generator:
    """A NumPy generator of its own for each (seed, names)."""
    return np.random.default_rng(seed_of(seed, *names))
