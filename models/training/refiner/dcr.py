"""A second opinion on every box of the detector, from the pixels around it.

Decoupled classification refinement (Cheng et al. 2018, arXiv 1803.06799): what a detector takes
for a plate and is none is mostly an error of its classification, whose features also serve the
search. A classifier of its own looks at two regions around a found box, learns from the errors
that the detector makes, and its probability multiplies the score.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from models.training.refiner.regions import ENLARGED, WIDTH


class Refiner(nn.Module):
    """Maps `regions` (n, 3 * len(ENLARGED), HEIGHT, WIDTH) float32 RGB in [0, 1] and `shapes`
    (n, 2), of `shapes_of`, to the logit (n,) of being a plate."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(3 * len(ENLARGED), width),
            _convolution(width, 2 * width),
            _Residual(2 * width),
            _convolution(2 * width, 4 * width),
            _Residual(4 * width),
            _convolution(4 * width, 4 * width),
        )
        self.shape = nn.Sequential(nn.Linear(2, 32), nn.SiLU())
        self.head = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(4 * width * WIDTH // 16 + 32, 64),
            nn.SiLU(),
            nn.Linear(64, 1),
        )

    def forward(self, regions: Any, shapes: Any) -> Any:
        """The columns of the last layer keep their places, its rows are averaged."""
        seen = self.body(regions).mean(2).flatten(1)
        return self.head(torch.cat([seen, self.shape(shapes)], 1))[:, 0]


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(width, width, stride=1),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Any) -> Any:
        return functional.silu(x + self.body(x))


def _convolution(before: int, after: int, stride: int = 2) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.SiLU()
    )
