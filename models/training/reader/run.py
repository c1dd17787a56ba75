"""The reader in training: its loss, its rate by time, its checkpoint, its batches."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from models.training.common.loop import Course, Parts, Run
from models.training.common.released import restore_reader
from models.training.common.schedule import learning_rate
from models.training.common.slots import ALPHABET, GRID
from models.training.reader.feed import Feed
from models.training.reader.mobilevit import PlateReader
from models.training.reader.readings import Sources, draw_reading
from models.training.reader.views.camera import look_again
from models.training.reader.views.ring import Kept, Ring

PLACE_SPREAD = (0.09, 0.035)  # of a character's place, in shares of the height and width
LOOKED_AT = 64  # steps between two looks at the loss


@dataclass(frozen=True, slots=True)
class Plan(Course):
    """Hyperparameters; `warmup` is in seconds here, and `draws` has no meaning."""

    seconds: float
    call_seconds: float
    smoothing: float
    place_weight: float
    capacity: int
    least: int


class ReaderRun(Run[Kept]):
    """The reader in training. `spent` are the seconds of it, `drawn` the crops drawn for it."""

    def __init__(self, plan: Plan, folder: Path, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        network = PlateReader().to(device, memory_format=torch.channels_last)
        self.spent, self.drawn = 0.0, 0
        super().__init__(plan, folder, network, nn.ModuleList(), device)
        self.plan = plan

    def start_from(self, path: Path, sources: Sources) -> None:
        """Take over the weights of an exported file."""
        drawn = [draw_reading(sources, index, self.plan.seed).image for index in range(512)]
        pixels = torch.from_numpy(np.stack(drawn))[:, None].float()
        restore_reader(self.network, path, pixels.to(self.device))
        self.begin_anew()

    def rate(self) -> float:
        """The learning rate, by time."""
        plan = self.plan
        return learning_rate(
            self.spent, total=plan.seconds, peak=plan.peak_rate, warmup=plan.warmup, floor=0.005
        )

    def step(self, batch: Kept) -> Parts:
        """One step. Raises FloatingPointError where the loss is no number any more."""
        parts = super().step(batch)
        number = self.draws // self.plan.batch
        if number % LOOKED_AT == 0 or number < 4:
            loss = float(parts["reading"])
            print(f"step {number} {self.spent:.0f} s, {self.drawn} drawn: {loss:.4f}", flush=True)
            if not np.isfinite(loss):
                raise FloatingPointError(f"the loss is {loss} at step {number}")
        return parts

    def loss(self, batch: Kept) -> tuple[Any, Parts]:
        """Cross-entropy of the characters and of their places."""
        rng = np.random.default_rng((self.plan.seed, 1, self.draws))
        with torch.no_grad():
            shown = look_again(batch.images, batch.places, batch.room, rng)
        pixels = shown.images.to(memory_format=torch.channels_last)
        # Not on a CPU: few compute with bfloat16, and the others take ten times as long.
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda"):
            logits, scores = self.network(pixels)
        reading = functional.cross_entropy(
            logits.float().reshape(-1, len(ALPHABET)),
            batch.classes.reshape(-1),
            label_smoothing=self.plan.smoothing,
        )
        place = place_loss(scores.float(), shown.places)
        return (
            reading + self.plan.place_weight * place,
            {"reading": reading.detach(), "place": place.detach()},
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return super().state() | {"spent": self.spent, "drawn": self.drawn}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self.spent, self.drawn = state["spent"], state["drawn"]


def batches(run: ReaderRun, feed: Feed, ring: Ring) -> Iterator[Kept]:
    """Batches until the time is up, which begins when the ring holds the plan's `least`; what has
    been drawn meanwhile enters the ring."""
    plan, before = run.plan, run.spent
    while len(ring) < plan.least:
        for drawn in feed.take():
            ring.add(drawn)
    started = time.monotonic()
    passed = 0.0
    while passed < plan.call_seconds and run.spent < plan.seconds:
        run.drawn = feed.first
        yield ring.draw(plan.batch, np.random.default_rng((plan.seed, 2, run.draws)))
        passed = time.monotonic() - started
        run.spent = before + passed
        for drawn in feed.take_ready():
            ring.add(drawn)


def place_loss(scores: Any, places: Any) -> Any:
    """Cross-entropy between where slots look, `scores` (n, SLOTS, cells of GRID), and where their
    characters are, `places` (n, SLOTS, 2) as shares of the crop, NaN where not known."""
    known = ~places.isnan().any(-1)
    x, y = places.nan_to_num(0.5).unbind(-1)
    rows = (torch.arange(GRID[0], device=scores.device) + 0.5) / GRID[0]
    columns = (torch.arange(GRID[1], device=scores.device) + 0.5) / GRID[1]
    down = ((rows - y[..., None]) / PLACE_SPREAD[0]) ** 2
    along = ((columns - x[..., None]) / PLACE_SPREAD[1]) ** 2
    target = (-0.5 * (down[..., :, None] + along[..., None, :])).flatten(-2).softmax(-1)
    missed = -(target * scores.log_softmax(-1)).sum(-1)
    return (missed * known).sum() / known.sum().clamp(min=1)
