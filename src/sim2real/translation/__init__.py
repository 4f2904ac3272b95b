"""Chapter 4: unpaired translation of simulated slices to each vendor with CUT."""
