"""What training adds to its libraries; run where requirements-train.txt is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="models/training/requirements-train.txt not installed")

from models.training.common.loop import Course, Run, train  # noqa: E402
from models.training.common.progress import load_checkpoint  # noqa: E402


class Line(Run[Any]):
    """Learns to double a number."""

    def loss(self, batch: Any) -> tuple[Any, dict[str, float]]:
        missed = (self.network(batch) - 2 * batch).square().mean()
        return missed, {"missed": float(missed.detach())}


def line(folder: Path, draws: int) -> Line:
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    course = Course(
        draws=draws,
        batch=4,
        seed=0,
        peak_rate=0.1,
        report_every=40,
        warmup=4,
        most=10.0,
        memory=0.9,
    )
    network = torch.nn.Linear(1, 1)
    return Line(course, folder, network, torch.nn.ModuleList(), torch.device("cpu"))


def numbers(start: int, end: int) -> Iterator[Any]:
    for first in range(start, end, 4):
        yield torch.arange(first, first + 4.0)[:, None] % 7


def test_a_run_broken_off_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = line(tmp_path / "whole", 80)
    train(whole, numbers(0, 80), lambda _: {"good": 1.0})
    first = line(tmp_path / "parts", 80)
    train(first, numbers(0, 40), lambda _: {"good": 1.0})
    second = line(tmp_path / "parts", 80)
    assert second.draws == 40
    train(second, numbers(40, 80), lambda _: {"good": 1.0})
    states = [load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("whole", "parts")]
    assert states[0] is not None
    assert states[1] is not None
    for part in ("network", "average"):
        for name, value in states[0][part].items():
            assert torch.equal(value, states[1][part][name]), (part, name)
    table = (tmp_path / "parts" / "progress.csv").read_text().splitlines()
    assert table[0] == "draws,seconds,missed,good"
    assert [row.split(",")[0] for row in table[1:]] == ["40", "80"]
