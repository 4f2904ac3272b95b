"""Shared ground: parameters, images and their geometry, run folders, seeds, progress, execution."""
