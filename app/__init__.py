"""NZ ALPR: automatic number-plate recognition for New Zealand."""

__version__ = "0.1.0"
