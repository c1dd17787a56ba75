"""MobileViT v2 for plates: inverted residuals, separable self-attention, one head a slot.

Mehta and Rastegari 2022, "Separable Self-attention for Mobile Vision Transformers",
arXiv 2206.02680. Fitted to plates in four ways: batch in place of layer normalisation (it folds
into the convolutions), attention over single positions rather than patches (the maps are small),
a depthwise kernel in the local representation that is wide along the line of text, and a head
that pools each slot's own place with the paper's context scores before its classifier.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from models.training.common.slots import ALPHABET, GRID, SLOTS


def _conv(
    inputs: int,
    outputs: int,
    kernel: tuple[int, int] = (1, 1),
    *,
    stride: int = 1,
    groups: int = 1,
    act: bool = True,
) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2)
    layers: list[Any] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, nn.SiLU(inplace=True)) if act else nn.Sequential(*layers)


class HalvingDepthwise(nn.Conv2d):
    """A depthwise 3x3 with stride 2. In training on a CPU it is computed densely and thinned out,
    with the same result: oneDNN's backward pass of the strided form takes four times as long."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, 2, 1, groups=channels, bias=False)

    def forward(self, x: Any) -> Any:
        if x.is_cuda or not self.training:
            return super().forward(x)
        dense = functional.conv2d(x, self.weight, None, 1, self.padding, 1, self.groups)
        return dense[..., ::2, ::2].contiguous(memory_format=torch.channels_last)


class InvertedResidual(nn.Module):
    """MobileNet v2 block: widen, depthwise 3x3, narrow; skip where the shape is kept."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, expansion: int = 2) -> None:
        super().__init__()
        hidden = inputs * expansion
        depthwise = _conv(hidden, hidden, (3, 3), groups=hidden)
        if stride == 2:
            depthwise[0] = HalvingDepthwise(hidden)
        self.block = nn.Sequential(
            _conv(inputs, hidden),
            depthwise,
            _conv(hidden, outputs, act=False),
        )
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: Any) -> Any:
        return x + self.block(x) if self.skip else self.block(x)


class SeparableAttention(nn.Module):
    """Linear-cost self-attention: one context vector, the positions weighted by a latent score,
    gates the values of every position."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.project = nn.Conv2d(width, 1 + 2 * width, 1)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, x: Any) -> Any:
        score, key, value = self.project(x).split((1, self.width, self.width), 1)
        weight = score.flatten(2).softmax(-1)
        context = (key.flatten(2) * weight).sum(-1)[..., None, None]
        return self.out(functional.relu(value) * context)


class Encoder(nn.Module):
    """Pre-normalised attention and feed-forward layer."""

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.BatchNorm2d(width), SeparableAttention(width))
        self.feed = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.Conv2d(width, width * expansion, 1),
            nn.SiLU(inplace=True),
            nn.Conv2d(width * expansion, width, 1),
        )

    def forward(self, x: Any) -> Any:
        x = x + self.attention(x)
        return x + self.feed(x)


class MobileVitBlock(nn.Module):
    """Local representation, `depth` encoders, projection back."""

    def __init__(self, channels: int, width: int, depth: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.block = nn.Sequential(
            _conv(channels, channels, kernel, groups=channels),
            nn.Conv2d(channels, width, 1, bias=False),
            *(Encoder(width, 2) for _ in range(depth)),
            nn.BatchNorm2d(width),
            _conv(width, channels, act=False),
        )

    def forward(self, x: Any) -> Any:
        return x + self.block(x)


class Dense(nn.Module):
    """A linear layer whose weights keep their name in an exported file, so that they are found
    there again (`common/released.py`)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Any) -> Any:
        return x @ self.weight + self.bias


class SlotMixer(nn.Module):
    """What one slot saw, told to the others: a mixing layer over slots, then one over channels
    (Tolstikhin et al. 2021, "MLP-Mixer", arXiv 2105.01601), both added to what they are given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = nn.LayerNorm(channels)
        self.slots = nn.Sequential(Dense(SLOTS, 4 * SLOTS), nn.SiLU(), Dense(4 * SLOTS, SLOTS))
        self.between = nn.LayerNorm(channels)
        self.feed = nn.Sequential(
            Dense(channels, 2 * channels), nn.SiLU(), Dense(2 * channels, channels)
        )

    def forward(self, x: Any) -> Any:
        x = x + self.slots(self.before(x).transpose(1, 2)).transpose(1, 2)
        return x + self.feed(self.between(x))


class SlotHeads(nn.Module):
    """Each slot gathers its context from the map, with the place that it has found, hears of the
    other slots', and classifies it with weights of its own. Slots that do not know of each other
    read a character that lies between two places twice."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scores = nn.Conv2d(channels, SLOTS, 1)
        self.places = nn.Parameter(_reading_order())
        self.where = Dense(4, channels)
        self.mixers = nn.Sequential(SlotMixer(channels), SlotMixer(channels))
        self.weight = nn.Parameter(torch.randn(SLOTS, channels, len(ALPHABET)) * 0.05)
        self.bias = nn.Parameter(torch.zeros(SLOTS, len(ALPHABET)))
        self.register_buffer("cells", _cells(), persistent=False)

    def forward(self, x: Any) -> tuple[Any, Any]:
        scores = (self.scores(x) + self.places).flatten(2)
        weight = scores.softmax(-1)
        context = weight @ x.flatten(2).transpose(1, 2)  # (n, slots, channels)
        context = self.mixers(context + self.where(weight @ self.cells.to(weight.dtype)))
        logits = (context.transpose(0, 1) @ self.weight).transpose(0, 1) + self.bias
        return logits, scores


def _cells() -> Any:
    """(cells of GRID, 4): column and row in -1..1, and their squares, whose means tell a place and
    how wide it is."""
    rows = torch.linspace(-1, 1, GRID[0])[:, None].expand(GRID)
    columns = torch.linspace(-1, 1, GRID[1])[None].expand(GRID)
    return torch.stack([columns, rows, columns**2, rows**2], -1).reshape(-1, 4).contiguous()


def _reading_order() -> Any:
    """Initial place scores (1, slots, *GRID): slot i looks about where the i-th of seven
    characters is, so that the slots need not break their symmetry by chance."""
    columns = (torch.arange(GRID[1]) + 0.5) / GRID[1]
    centres = ((torch.arange(SLOTS) + 0.5) / 7).clamp(max=0.95)
    scores = -((columns[None] - centres[:, None]) ** 2) / (2 * 0.15**2)
    return scores[None, :, None, :].repeat(1, 1, GRID[0], 1)


class PlateReader(nn.Module):
    """(n, 1, 70, 140) float in [0, 255] to logits (n, SLOTS, len(ALPHABET)) and to the scores
    (n, SLOTS, rows * columns of GRID) with which each slot looks for its place."""

    def __init__(self, stem: int = 32, middle: int = 64, last: int = 160, width: int = 192) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            _conv(1, stem, (3, 3), stride=2),
            InvertedResidual(stem, stem),
            InvertedResidual(stem, middle, stride=2),
            InvertedResidual(middle, middle),
            InvertedResidual(middle, middle),
            InvertedResidual(middle, last, stride=2, expansion=3),
        )
        self.position = nn.Parameter(torch.randn(1, last, *GRID) * 0.02)
        self.body = nn.Sequential(
            MobileVitBlock(last, width, 2, (3, 9)),
            InvertedResidual(last, last),
            MobileVitBlock(last, width, 2, (3, 9)),
        )
        self.heads = SlotHeads(last)

    def forward(self, images: Any) -> tuple[Any, Any]:
        x = functional.pad(images / 127.5 - 1, (2, 2, 1, 1))
        return self.heads(self.body(self.stem(x) + self.position))
