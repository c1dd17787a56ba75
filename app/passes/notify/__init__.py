"""Telling others of passes: an outbox, and who sends it. Loaded where it is asked for."""
