"""How well vehicles that pass are read: clips of known passes, one answer for each."""
