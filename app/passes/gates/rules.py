"""The file of gates: which one opens for which list, at which cameras and hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.errors import InvalidGates
from app.files.sections import FileFault, SectionFile
from app.options import Probability
from app.passes.lists.entries import ZONE, Camera, Hours, ListName, TimeZone

SURE: Final = 0.95
"""Least probability by default, see docs/lists.md for how often that lets strangers in."""


def _listed(value: Any) -> Any:
    """`a, b` as well as a list."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class GateConfig(BaseModel):
    """What the file says of one gate. Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    list: ListName
    cameras: Annotated[tuple[Camera, ...], BeforeValidator(_listed), Field(min_length=1)]
    open: ListName
    hours: Hours = ""
    time_zone: TimeZone = ZONE
    min_reads: int = Field(2, ge=1, le=100)
    min_probability: Probability = SURE
    cooldown: float = Field(10.0, ge=0, le=86_400)
    max_age: float = Field(10.0, ge=1, le=120)
    dry_run: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class GateRule:
    name: str
    config: GateConfig = field(repr=False)


def load_gates(path: Path) -> dict[str, GateRule]:
    """The gates of a file that are enabled, by name.

        defaults:
          dry_run: true          # note what would be, open nothing
        gates:
          front:
            list: residents      # of kind allow
            cameras: drive
            open: relay          # a target of ALPR_NOTIFY_FILE
            hours: mon-fri 06:00-22:00

    Raises:
        InvalidGates: a line for each fault, with file, line and field.
        OSError: it cannot be read.
    """
    try:
        file = SectionFile.read(path, "gates")
        rules = {}
        for name in file.sections:
            config = file.validated(name, GateConfig.model_validate)
            if config is not None and config.enabled:
                rules[name] = GateRule(name, config)
        file.check()
    except FileFault as error:
        raise InvalidGates(str(error)) from error
    return rules


class GateRules:
    """Those of a file as it is now."""

    def __init__(self) -> None:
        self._rules: Mapping[str, GateRule] = {}

    @property
    def rules(self) -> Mapping[str, GateRule]:
        return self._rules

    def apply(self, path: Path) -> list[str]:
        """Read the file; the names of the gates that changed. Raises InvalidGates, OSError."""
        before, self._rules = self._rules, load_gates(path)
        names = {**before, **self._rules}
        return sorted(name for name in names if before.get(name) != self._rules.get(name))
