"""Training of the refiner inside the detector."""
