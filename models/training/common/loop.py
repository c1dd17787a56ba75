"""What the training of both networks shares: the checkpoint, a step of the optimiser, the loop."""

import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from models.training.common.progress import append_row, load_checkpoint, save_checkpoint
from models.training.common.schedule import WeightAverage, adamw, learning_rate

Batch = TypeVar("Batch")
Parts = dict[str, Any]  # numbers, or tensors of one that need not be waited for


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how fast a network learns; lengths in draws (one draw is one training
    picture). `warmup` is the length of the rate's rise, `most` the norm at which gradients are
    cut, `memory` the decay of the averaged weights."""

    draws: int
    batch: int
    seed: int
    peak_rate: float
    report_every: int
    warmup: float
    most: float
    memory: float


class Run(Generic[Batch]):
    """Everything that a checkpoint holds. A kind of run says what its `loss` is.

    `helper` is what learns beside the network and is not exported.
    """

    def __init__(
        self, course: Course, folder: Path, network: Any, helper: Any, device: torch.device
    ) -> None:
        self.course, self.folder, self.device = course, folder, device
        self.network, self.helper = network, helper
        self.average = WeightAverage(network, course.memory)
        self.optimizer = adamw(nn.ModuleList([network, helper]), weight_decay=0.02)
        self.draws = 0
        state = load_checkpoint(folder / "checkpoint.pt")
        if state is not None:
            self._restore(state)

    def loss(self, batch: Batch) -> tuple[Any, Parts]:
        """The scalar to lower and the parts of it to report."""
        raise NotImplementedError

    def begin_anew(self) -> None:
        """Let the average forget: the network has been given other weights."""
        self.average = WeightAverage(self.network, self.course.memory)

    def rate(self) -> float:
        """The learning rate of the next step."""
        course = self.course
        return learning_rate(
            self.draws,
            total=course.draws,
            peak=course.peak_rate,
            warmup=course.warmup,
            floor=0.01,
        )

    def step(self, batch: Batch) -> Parts:
        """One step of the optimiser; returns the parts of the loss."""
        course, rate = self.course, self.rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total, parts = self.loss(batch)
        self.optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), course.most)
        self.optimizer.step()
        self.average.update(self.network)
        self.draws += course.batch
        return parts

    def save(self) -> None:
        """Write the checkpoint."""
        save_checkpoint(self.folder / "checkpoint.pt", self.state())

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "steps": self.average.steps,
            "helper": self.helper.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "draws": self.draws,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.average.steps = state["steps"]
        self.helper.load_state_dict(state["helper"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.draws = state["draws"]


def train(
    run: Run[Batch],
    batches: Iterable[Batch],
    measure: Callable[[Any], Mapping[str, float]],
    reported: Callable[[], None] = lambda: None,
) -> None:
    """Train to the end of the batches; report and save on the way, at the end and, before it ends,
    on SIGTERM.

    `measure` exports the averaged weights, which are on the CPU then, and says how good they are;
    `reported` is called when the report and the checkpoint are written.
    """
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    parts: list[Parts] = []
    started = time.monotonic()

    def report() -> None:
        row = {"draws": run.draws, "seconds": time.monotonic() - started, **_means(parts)}
        row |= measure(run.average.network.to("cpu"))
        run.average.network.to(run.device)
        append_row(run.folder / "progress.csv", row)
        print(" ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
        run.save()
        reported()

    for batch in batches:
        parts.append(run.step(batch))
        stopped = bool(stopping)
        if stopped or run.draws % run.course.report_every < run.course.batch:
            report()
            parts, started = [], time.monotonic()
        if stopped:
            raise SystemExit(128 + stopping[0])
    if parts:
        report()


def _means(parts: Sequence[Parts]) -> Parts:
    return {key: float(sum(part[key] for part in parts) / len(parts)) for key in parts[0]}
