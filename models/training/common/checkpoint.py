"""A checkpoint in files of bounded size, for machines that give back small files only."""

import io
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from models.training.common.loop import Run

PART = 14_000_000  # bytes


def drawn_before(checkpoint: Path) -> int:
    """Pictures drawn for the run that wrote the file; 0 where there is none."""
    if not checkpoint.exists():
        return 0
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["drawn"])


def hand_out(run: Run[Any], out: Path, names: Sequence[str]) -> None:
    """Copy what a run leaves behind in small files: its checkpoint, and files of its folder."""
    out.mkdir(parents=True, exist_ok=True)
    write_parts(out, run.state())
    for name in names:
        if (run.folder / name).exists():
            shutil.copy(run.folder / name, out / name)


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
