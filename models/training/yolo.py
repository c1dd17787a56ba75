"""YOLOv9-t with one class, its loss, and a teacher's soft targets.

Network and loss are libreyolo's (MIT), after Wang, Yeh and Liao 2024, arXiv 2402.13616. The
teacher is any single-class YOLOv9 ONNX file with 16 distance bins a side; only its answers are
used, none of its weights.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from libreyolo.models.yolo9.loss import YOLO9Loss
from libreyolo.models.yolo9.nn import LibreYOLO9Model
from numpy.typing import NDArray
from torch.nn import functional

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
    """Task-aligned loss on the labelled boxes plus, where a teacher answers, its soft targets."""

    def __init__(self, teacher_weight: float, device: Any) -> None:
        self._teacher_weight, self._device = teacher_weight, device
        self._labelled = YOLO9Loss(
            num_classes=1,
            reg_max=BINS,
            strides=list(STRIDES),
            image_size=None,
            device=device,
        )

    def __call__(
        self, heads: list[Any], boxes: list[NDArray[np.float32]], soft: list[Any] | None
    ) -> tuple[Any, dict[str, float]]:
        """The scalar loss and its parts; `boxes` in pixels, `soft` the teacher's heads."""
        height, width = heads[0].shape[2] * STRIDES[0], heads[0].shape[3] * STRIDES[0]
        self._labelled.update_anchors([width, height])
        heads = [head.float() for head in heads]
        parts = self._labelled(heads, _padded(boxes, width, height).to(self._device))
        total = parts["total_loss"]
        values = {key: float(parts[key]) for key in ("box", "dfl", "cls")}
        if soft is not None:
            imitation = self._imitation(heads, soft)
            total = total + self._teacher_weight * imitation
            values["teacher"] = float(imitation.detach())
        return total, values

    @staticmethod
    def _imitation(heads: list[Any], soft: list[Any]) -> Any:
        """Cross-entropy with the teacher's scores at every anchor, and with its distance
        distributions weighted by its score (soft targets, Hinton et al. 2015)."""
        student = torch.cat([head.flatten(2) for head in heads], 2)
        teacher = torch.cat([head.flatten(2) for head in soft], 2)
        score = teacher[:, -1].sigmoid()
        norm = score.sum().clamp(min=1.0)
        classes = functional.binary_cross_entropy_with_logits(
            student[:, -1], score, reduction="sum"
        )
        mask = score > 0.05
        chosen = student[:, :-1].transpose(1, 2)[mask].view(-1, 4, BINS)
        target = teacher[:, :-1].transpose(1, 2)[mask].view(-1, 4, BINS).softmax(-1)
        distances = -(target * chosen.log_softmax(-1)).sum(-1).mean(-1)
        return (0.5 * classes + 1.5 * (distances * score[mask]).sum()) / norm


def _padded(boxes: list[NDArray[np.float32]], width: int, height: int) -> Any:
    """(n, most boxes, 5): class 0 and the box in shares of the view; zeros where there is none."""
    most = max(1, *(len(each) for each in boxes))
    targets = np.zeros((len(boxes), most, 5), np.float32)
    for target, each in zip(targets, boxes, strict=True):
        target[: len(each), 1:] = each / np.array([width, height, width, height], np.float32)
    return torch.from_numpy(targets)


class Teacher:
    """Head outputs of a YOLOv9 "end2end" ONNX file, at any input size that 32 divides."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(
            _heads_of(path).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """`images` (n, 3, h, w) RGB in [0, 1] to the heads as `build_network` lays them out."""
        return [np.asarray(head) for head in self._session.run(None, {"images": images})]


def _heads_of(path: Path) -> onnx.ModelProto:
    """The file cut before box decoding, its batch and image size left open."""
    graph = onnx.load(path).graph
    bins = [
        node.output[0]
        for node in graph.node
        if node.op_type == "Concat" and _feeds_flatten(graph, node.output[0])
    ]
    if len(bins) != len(STRIDES):
        raise ValueError(f"{path.name}: expected {len(STRIDES)} detection heads, found {len(bins)}")
    with tempfile.TemporaryDirectory() as folder:
        cut = Path(folder) / "heads.onnx"
        onnx.utils.extract_model(str(path), str(cut), ["images"], bins, check_model=False)
        model = onnx.load(cut)
    for dim, name in zip(model.graph.input[0].type.tensor_type.shape.dim, "nchw", strict=True):
        if name != "c":
            dim.dim_param = name
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    return model


def _feeds_flatten(graph: onnx.GraphProto, name: str) -> bool:
    """Whether a tensor goes straight into the Reshape that flattens a head's grid."""
    users = [node for node in graph.node if name in node.input]
    return bool(users) and all(
        user.op_type == "Reshape" and "/Reshape" in user.name and "dfl" not in user.name
        for user in users
    )
