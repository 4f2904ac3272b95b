"""Chapter 1: virtual subjects and their 4D structure maps."""
