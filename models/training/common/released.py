"""Continue from an exported file where no checkpoint is left.

An exported network has its batch normalisations folded into the convolutions before them. Here
they are taken apart again: each gets the statistics that its channels have on sample images, and
the scale and shift that undo them, so that the network computes what the file computes and can
be trained on. The optimiser's state is not in the file and starts anew.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

Pair = tuple[nn.Conv2d, nn.BatchNorm2d]


def restore_detector(network: Any, path: Path, images: Any) -> None:
    """Load a file of `export_detector` into `build_network()`'s network.

    `images` (n, 3, h, w) float32 RGB in [0, 1]: what the statistics are taken on.
    """
    from libreyolo.models.yolo9.nn import RepConvN  # noqa: PLC0415 - no reader needs it

    values = _initializers(path)
    modules = dict(network.named_modules())
    pairs: list[Pair] = []
    for name, module in modules.items():
        if isinstance(module, RepConvN):
            _split(module, values[f"network.{name}.conv.weight"])
            module.conv1.bn.bias.data.copy_(values[f"network.{name}.conv.bias"])
            pairs += [(branch.conv, branch.bn) for branch in (module.conv1, module.conv2)]
        elif hasattr(module, "bn") and not isinstance(modules[_parent(name)], RepConvN):
            module.conv.weight.data.copy_(values[f"network.{name}.conv.weight"])
            module.bn.bias.data.copy_(values[f"network.{name}.conv.bias"])
            pairs.append((module.conv, module.bn))
    for name, parameter in network.named_parameters():
        if f"network.{name}" in values and ".conv." not in name:
            parameter.data.copy_(values[f"network.{name}"])
    _measure(network, pairs, images)


def restore_reader(network: Any, path: Path, crops: Any) -> None:
    """Load a file of `export_ocr` into a `PlateReader`; `crops` (n, 1, 70, 140) float32 grey in
    [0, 255]. The temperature in the file is left out."""
    values = _initializers(path)
    state = network.state_dict()
    for name, value in state.items():
        if f"network.{name}" in values:
            value.copy_(values[f"network.{name}"])
    pairs = list(_folded(network))
    folded = [
        node
        for node in onnx.load(path).graph.node
        if node.op_type == "Conv" and not node.input[1].startswith("network.")
    ]
    for (conv, norm), node in zip(pairs, folded, strict=True):
        conv.weight.data.copy_(values[node.input[1]])
        norm.bias.data.copy_(values[node.input[2]])
    _measure(network, pairs, crops)


def _initializers(path: Path) -> dict[str, Any]:
    return {
        each.name: torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in onnx.load(path).graph.initializer
    }


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _split(module: Any, kernel: Any) -> None:
    """Share a fused 3x3 kernel among the two branches; the 1x1 keeps its random start."""
    point = functional.pad(module.conv2.conv.weight.data, [1, 1, 1, 1])
    module.conv1.conv.weight.data.copy_(kernel.to(point.device) - point)
    module.conv2.bn.bias.data.zero_()


def _folded(network: Any) -> Iterator[Pair]:
    """Convolutions directly followed by a normalisation, in the order of the forward pass."""
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            for first, second in zip(module, list(module)[1:], strict=False):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    yield first, second


@torch.no_grad()
def _measure(network: Any, pairs: list[Pair], inputs: Any) -> None:
    """Give each normalisation the statistics of its input, leaving what it computes unchanged.

    On entry a pair computes `conv + bias` with an identity in between.
    """
    training = network.training
    for _, norm in pairs:
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.data.fill_(1)
    seen: dict[Any, tuple[Any, Any]] = {}

    def note(norm: Any, values: tuple[Any]) -> None:
        seen[norm] = (values[0].mean((0, 2, 3)), values[0].var((0, 2, 3)))

    hooks = [norm.register_forward_pre_hook(note) for _, norm in pairs]
    network.eval()
    network(inputs)
    network.train(training)
    for hook in hooks:
        hook.remove()
    for norm, (mean, variance) in seen.items():
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data.copy_((variance + norm.eps).sqrt())
        norm.bias.data.add_(mean)
