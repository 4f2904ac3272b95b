"""Chapter 2: cine bSSFP images of the virtual subjects."""
