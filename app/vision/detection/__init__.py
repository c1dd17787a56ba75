"""Where plates are in a frame."""
