"""Gates that open for vehicles of a list, and why they did or did not."""
