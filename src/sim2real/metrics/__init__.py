"""Pure functions of arrays: overlap and distance of masks, Fréchet distance, texture features."""
