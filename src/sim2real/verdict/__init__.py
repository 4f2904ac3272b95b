"""Chapter 7: published against reproduced, and provenance."""
