"""Learning rate and weight averaging, shared by both runs."""

import copy
import math
from typing import Any

import torch


def learning_rate(done: float, *, total: float, peak: float, warmup: float, floor: float) -> float:
    """Linear warm-up, then a cosine from `peak` down to `floor * peak`; `done` in any unit."""
    if done < warmup:
        return peak * (done + 1) / (warmup + 1)
    done = min(1.0, (done - warmup) / max(1, total - warmup))
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done)))


class WeightAverage:
    """Exponential moving average of a network's weights, quick at first."""

    def __init__(self, network: Any, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self.steps = 0
        self._decay = decay

    @torch.no_grad()
    def update(self, network: Any) -> None:
        """Move the average towards the network; buffers are averaged where they are floats."""
        self.steps += 1
        decay = min(self._decay, (1 + self.steps) / (10 + self.steps))
        current = network.state_dict()
        averaged, seen = [], []
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                averaged.append(value)
                seen.append(current[name])
            else:
                value.copy_(current[name])
        torch._foreach_lerp_(averaged, seen, 1 - decay)  # one launch on a GPU instead of hundreds


def adamw(network: Any, weight_decay: float) -> Any:
    """AdamW with decay on matrices and kernels only."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    fused = bool(decayed) and decayed[0].is_cuda
    return torch.optim.AdamW(groups, lr=0.0, fused=fused)
