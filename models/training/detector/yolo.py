"""YOLOv9-t with one class, and its loss.

Both are libreyolo's (MIT), after Wang, Yeh and Liao 2024, arXiv 2402.13616.
"""

from typing import Any

import torch
from libreyolo.models.yolo9.loss import YOLO9Loss
from libreyolo.models.yolo9.nn import LibreYOLO9Model

STRIDES = (8, 16, 32)
BINS = 16


def build_network() -> Any:
    """A randomly initialised YOLOv9-t for one class. In training mode it maps (n, 3, h, w) to
    one (n, 4 * BINS + 1, h / stride, w / stride) tensor a stride: distance bins, class logit."""
    network = LibreYOLO9Model(config="t", reg_max=BINS, nb_classes=1)
    for tower in network.head.cv3:
        torch.nn.init.constant_(tower[-1].bias, -6.0)
    return network.to(memory_format=torch.channels_last)


class DetectionLoss:
    """Task-aligned loss on the labelled boxes."""

    def __init__(self, device: Any) -> None:
        self._labelled = YOLO9Loss(
            num_classes=1, reg_max=BINS, strides=list(STRIDES), image_size=None, device=device
        )

    def __call__(self, heads: list[Any], boxes: Any) -> tuple[Any, dict[str, Any]]:
        """The scalar loss and its parts; `boxes` (n, most, 4) in pixels, 0 where there is none."""
        height, width = heads[0].shape[2] * STRIDES[0], heads[0].shape[3] * STRIDES[0]
        self._labelled.update_anchors([width, height])
        shares = boxes / boxes.new_tensor([width, height, width, height])
        targets = torch.cat([torch.zeros_like(shares[..., :1]), shares], -1)
        parts = self._labelled([head.float() for head in heads], targets)
        return parts["total_loss"], {key: parts[key] for key in ("box", "dfl", "cls")}
