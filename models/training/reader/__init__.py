"""Training of the plate reader."""
