"""Genuine XCAT files: their reader, and a writer of parameter files."""
