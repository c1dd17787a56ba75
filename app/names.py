"""Names that operators give: of keys, cameras, lists and gates."""

import re
from typing import Final

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""They are part of addresses, labels and lines of the audit."""
