"""YOLOv9-t with one class, its loss, and what it learns from a teacher.

Network and loss are libreyolo's (MIT), after Wang, Yeh and Liao 2024, arXiv 2402.13616. The
teacher is a single-class YOLOv9-t ONNX file with 16 distance bins a side; only what it answers and
what its layers say of a picture is used, none of its weights.
"""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
import torch
from libreyolo.models.yolo9.loss import YOLO9Loss
from libreyolo.models.yolo9.nn import LibreYOLO9Model
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

STRIDES = (8, 16, 32)
BINS = 16
# Outputs of the backbone and of the neck, at each stride, as an exported YOLOv9-t names them, and
# their channels.
HINTS = tuple(
    f"/model/model.{layer}/{last}/act/Mul_output_0"
    for layer, last in ((4, "cv4"), (6, "cv4"), (9, "cv5"), (15, "cv4"), (18, "cv4"), (21, "cv4"))
)
WIDTHS = (64, 96, 128, 64, 96, 128)


def build_network() -> Any:
    """A randomly initialised YOLOv9-t for one class. In training mode it maps (n, 3, h, w) to
    one (n, 4 * BINS + 1, h / stride, w / stride) tensor a stride: distance bins, class logit."""
    network = LibreYOLO9Model(config="t", reg_max=BINS, nb_classes=1)
    for tower in network.head.cv3:
        torch.nn.init.constant_(tower[-1].bias, -6.0)
    return network.to(memory_format=torch.channels_last)


def layers_of(network: Any, images: Any) -> list[Any]:
    """What the layers that HINTS names say of `images`; the last three go into the head."""
    backbone = network.backbone(images)
    return [*backbone, *network.neck(*backbone)]


class Answers(NamedTuple):
    """What a teacher says of a batch: its `layers` of HINTS, float16, and its `heads` as
    `build_network` lays them out."""

    layers: list[NDArray[np.float16]]
    heads: list[NDArray[np.float32]]


class Hints(nn.Module):
    """Linear maps from the student's layers to the teacher's (Romero et al. 2015, arXiv
    1412.6550): what they cannot explain of the teacher's layers is a loss.

    The teacher's channels are brought to mean 0 and a deviation of about 1 first (less where they
    hardly move), so the loss of a layer is about the share of its variance that is not explained.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv2d(width, width, 1) for width in WIDTHS)
        for i, width in enumerate(WIDTHS):
            self.register_buffer(f"mean{i}", torch.zeros(1, width, 1, 1))
            self.register_buffer(f"deviation{i}", torch.ones(1, width, 1, 1))

    @torch.no_grad()
    def fit(self, students: list[Any], teachers: list[Any]) -> None:
        """Start the maps at the least-squares solution for these layers, (n, width, h, w) each."""
        for i, (student, teacher) in enumerate(zip(students, teachers, strict=True)):
            mean = teacher.mean((0, 2, 3), keepdim=True)
            variance = teacher.var((0, 2, 3), keepdim=True)
            deviation = (0.5 * (variance + variance.mean())).sqrt()
            self.get_buffer(f"mean{i}").copy_(mean)
            self.get_buffer(f"deviation{i}").copy_(deviation)
            wanted = ((teacher - mean) / deviation).transpose(0, 1).flatten(1).T
            given = student.transpose(0, 1).flatten(1).T
            given = torch.cat([given, torch.ones(len(given), 1)], 1)
            ridge = 1e-3 * len(given) * torch.eye(given.shape[1])
            solution = torch.linalg.solve(given.T @ given + ridge, given.T @ wanted)
            chosen = self.maps[i]
            chosen.weight.copy_(solution[:-1].T[..., None, None])
            chosen.bias.copy_(solution[-1])

    def forward(self, students: list[Any], teachers: list[Any], near: list[Any]) -> Any:
        """The mean over the layers; half of it counts the places `near` (n, h, w) plates alone,
        one mask a stride."""
        losses = []
        for i, (student, teacher) in enumerate(zip(students, teachers, strict=True)):
            wanted = (teacher.float() - self.get_buffer(f"mean{i}")) / self.get_buffer(
                f"deviation{i}"
            )
            missed = (self.maps[i](student).float() - wanted).square().mean(1)
            mask = near[i % len(STRIDES)].float()
            at_plates = (missed * mask).sum() / mask.sum().clamp(min=1.0)
            losses.append(0.5 * (missed.mean() + at_plates))
        return torch.stack(losses).mean()


class DetectionLoss:
    """Task-aligned loss on the labelled boxes plus, where a teacher answers, its soft targets.

    The teacher's scores count at labelled plates alone: what it takes for a plate elsewhere is
    none, or was added to the labels before.
    """

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
        self,
        heads: list[Any],
        boxes: list[NDArray[np.float32]],
        soft: list[Any] | None,
        near: list[Any],
    ) -> tuple[Any, dict[str, float]]:
        """The scalar loss and its parts; `boxes` in pixels, `soft` the teacher's heads, `near` the
        masks of `near_plates`."""
        height, width = heads[0].shape[2] * STRIDES[0], heads[0].shape[3] * STRIDES[0]
        self._labelled.update_anchors([width, height])
        heads = [head.float() for head in heads]
        parts = self._labelled(heads, _padded(boxes, width, height).to(self._device))
        total = parts["total_loss"]
        values = {key: float(parts[key]) for key in ("box", "dfl", "cls")}
        if soft is not None:
            places = torch.cat([mask.flatten(1) for mask in near], 1)
            imitation = self._imitation(heads, soft, places)
            total = total + self._teacher_weight * imitation
            values["teacher"] = float(imitation.detach())
        return total, values

    @staticmethod
    def _imitation(heads: list[Any], soft: list[Any], near: Any) -> Any:
        """Cross-entropy with the teacher's scores, 0 away from plates, and with its distance
        distributions weighted by its score (soft targets, Hinton et al. 2015)."""
        student = torch.cat([head.flatten(2) for head in heads], 2)
        teacher = torch.cat([head.flatten(2) for head in soft], 2)
        score = teacher[:, -1].sigmoid() * near
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


def near_plates(boxes: list[NDArray[np.float32]], height: int, width: int) -> list[Any]:
    """A mask (n, height / stride, width / stride) for each stride: the cells whose middle is in a
    box or less than a stride away from it."""
    padded = torch.zeros(len(boxes), max(1, *(len(each) for each in boxes)), 4)
    padded[..., :2] = 1e6
    for row, each in zip(padded, boxes, strict=True):
        row[: len(each)] = torch.from_numpy(each)
    x1, y1, x2, y2 = padded.unbind(-1)
    masks = []
    for stride in STRIDES:
        across = (torch.arange(width // stride) + 0.5) * stride
        down = (torch.arange(height // stride) + 0.5) * stride
        in_x = (across >= x1[..., None] - stride) & (across <= x2[..., None] + stride)
        in_y = (down >= y1[..., None] - stride) & (down <= y2[..., None] + stride)
        masks.append((in_y[..., :, None] & in_x[..., None, :]).any(1))
    return masks


class Teacher:
    """Layers and heads of a YOLOv9-t "end2end" ONNX file, at any input size that 32 divides."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(
            _heads_of(path).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, images: NDArray[np.float32]) -> Answers:
        """`images` (n, 3, h, w) RGB in [0, 1]."""
        found = [np.asarray(each) for each in self._session.run(None, {"images": images})]
        layers = [each.astype(np.float16) for each in found[: len(HINTS)]]
        return Answers(layers, found[len(HINTS) :])


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
        onnx.utils.extract_model(
            str(path), str(cut), ["images"], [*HINTS, *bins], check_model=False
        )
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
