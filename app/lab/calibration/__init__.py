"""How sure an OCR's readings are, fitted to what it saw."""
