"""Passes: what is kept of vehicles that were seen, and how it is found again."""
