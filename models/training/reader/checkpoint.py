"""A checkpoint in files of bounded size, for machines that give back small files only."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

PART = 14_000_000  # bytes


def write_parts(folder: Path, state: Mapping[str, Any]) -> None:
    """Write `state` as checkpoint-0.part and on."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    data = buffer.getvalue()
    for old in folder.glob("checkpoint-*.part"):
        old.unlink()
    for number, start in enumerate(range(0, len(data), PART)):
        (folder / f"checkpoint-{number}.part").write_bytes(data[start : start + PART])


def join_parts(folder: Path, path: Path) -> None:
    """Put the parts in `folder` together again as the file `path`. Raises FileNotFoundError where
    there are none."""
    parts = sorted(folder.glob("checkpoint-*.part"))
    if not parts:
        raise FileNotFoundError(folder / "checkpoint-0.part")
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
