"""Names and kinds of the settings, for those who show or check them."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import get_args

from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from app.config import Settings


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting holds secrets, by its type."""
    waiting: list[object] = [field.annotation]
    while waiting:
        kind = waiting.pop()
        if kind in (SecretStr, SecretBytes):
            return True
        waiting += get_args(kind)
    return False


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Sentences about variables that look like settings and are none. Without their values."""
    known = [f"ALPR_{name.upper()}" for name in Settings.model_fields]
    sentences = []
    for name in sorted(environment):
        if not name.upper().startswith("ALPR_") or name.upper() in known:
            continue
        closest = get_close_matches(name.upper(), known, n=1)
        hint = f"; did you mean {closest[0]}?" if closest else "."
        sentences.append(f"{name} is no setting and has no effect{hint}")
    return sentences
