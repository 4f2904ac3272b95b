"""Chapter 5: how close simulated and translated slices are to real ones."""
