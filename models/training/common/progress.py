"""What a training run leaves behind: checkpoints, a table of its progress, and its curves."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write the state so that an interruption leaves the old file or the new one, never half."""
    partial = path.with_suffix(".partial")
    torch.save(dict(state), partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The saved state, or None where the run has not yet saved one."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def append_row(path: Path, row: Mapping[str, float]) -> None:
    """Add a line to the progress table, with a header where it is new."""
    new = not path.exists()
    with path.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, list(row), extrasaction="raise")
        if new:
            writer.writeheader()
        writer.writerow({key: round(value, 6) for key, value in row.items()})


def plot(table: Path, picture: Path, panels: Mapping[str, tuple[str, ...]]) -> None:
    """Draw columns of the progress table over the number of draws, one panel each."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import, needed at the end only

    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    figure = Figure(figsize=(5 * len(panels), 3.6), layout="constrained")
    for axis, (title, columns) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for column in columns:
            points = [(float(r["draws"]), float(r[column])) for r in rows if r.get(column)]
            if points:  # a run without a teacher has no such columns
                axis.plot(*zip(*points, strict=True), label=column)
        axis.set(title=title, xlabel="draws")
        axis.legend()
        axis.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
