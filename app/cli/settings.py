"""`settings`: every setting, as the table of docs/settings.md."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from app.config import Settings
from app.config.weights import REPOSITORY


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    print("\n".join(settings_table()))
    return 0


def settings_table() -> Iterator[str]:
    """Lines of a Markdown table: variable, default, meaning."""
    yield "| variable | default | meaning |"
    yield "|---|---|---|"
    for name, setting in Settings.model_fields.items():
        yield f"| `ALPR_{name.upper()}` | {_default(setting)} | {_meaning(setting)} |"


def _default(setting: FieldInfo) -> str:
    value = setting.default
    if setting.default_factory is not None:
        return "processors"
    if value is None or value == ():
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(REPOSITORY)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def _meaning(setting: FieldInfo) -> str:
    choices = [
        choice
        for kind in (setting.annotation, *get_args(setting.annotation))
        if get_origin(kind) is Literal
        for choice in get_args(kind)
    ]
    listed = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    return f"{setting.description}{listed}"
