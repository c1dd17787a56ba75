"""The reader in training: its loss."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from models.training.common.loop import Parts
from models.training.common.released import restore_reader
from models.training.common.slots import ALPHABET, GRID
from models.training.common.timed import TimedCourse, TimedRun
from models.training.reader.mobilevit import PlateReader
from models.training.reader.readings import Sources, draw_reading
from models.training.reader.views.camera import look_again
from models.training.reader.views.ring import Kept

PLACE_SPREAD = (0.09, 0.035)  # of a character's place, in shares of the height and width


@dataclass(frozen=True, slots=True)
class Plan(TimedCourse):
    """Hyperparameters."""

    smoothing: float
    place_weight: float


class ReaderRun(TimedRun[Kept]):
    """The reader in training."""

    watched = "reading"

    def __init__(self, plan: Plan, folder: Path, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        network = PlateReader().to(device, memory_format=torch.channels_last)
        super().__init__(plan, folder, network, nn.ModuleList(), device)
        self.plan = plan

    def start_from(self, path: Path, sources: Sources) -> None:
        """Take over the weights of an exported file."""
        drawn = [draw_reading(sources, index, self.plan.seed).image for index in range(512)]
        pixels = torch.from_numpy(np.stack(drawn))[:, None].float()
        restore_reader(self.network, path, pixels.to(self.device))
        self.begin_anew()

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
