"""Executable companion of "sim2real: Cardiac MR image simulation-to-real translation via
unsupervised GANs"."""

__version__ = "0.1.0"
