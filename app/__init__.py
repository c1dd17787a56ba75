"""NZ ALPR: automatic number-plate recognition for New Zealand."""

import os

# ONNX Runtime reports its use to its maker by default from 1.29 on; a plate reader must not. It
# reads this when it is first imported, which is after this module.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
