"""The trained network as the "end2end" ONNX file that open-image-models and fast-alpr load.

`images` (n, 3, size, size) float32 RGB in [0, 1] to `output0` (m, 7) float32: index in the batch,
x1, y1, x2, y2 in pixels, class 0, score; non-maximum suppression inside.
"""

import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.training.detector.yolo import BINS, STRIDES

OPSET = 17
LEAST_SCORE = 0.02  # anchors below never reach box decoding: its softmax is 2 of 22 ms otherwise
OVERLAP = 0.5
BATCH_OFFSET = 1e4  # shifts the boxes of one image away from those of the next before suppression


class _Trunk(torch.nn.Module):
    """Fused network with the three heads laid side by side: (n, 4 * BINS + 1, anchors)."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Any) -> Any:
        network = self.network
        features = network.neck(*network.backbone(images))
        head = network.head
        return torch.cat(
            [
                torch.cat((head.cv2[i](each), head.cv3[i](each)), 1).flatten(2)
                for i, each in enumerate(features)
            ],
            2,
        )


def export(network: Any, path: Path, *, size: int) -> None:
    """Fuse a copy of the network and write the ONNX file."""
    fused = copy.deepcopy(network).float().eval().to(memory_format=torch.contiguous_format)
    with torch.no_grad():
        fused.fuse()
    buffer = io.BytesIO()
    torch.onnx.export(
        _Trunk(fused).eval(),
        (torch.zeros(1, 3, size, size),),
        buffer,
        input_names=["images"],
        output_names=["heads"],
        dynamic_axes={"images": {0: "batch"}, "heads": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    _append_selection(model.graph, size)
    model.producer_name = "nz-alpr"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _anchors(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Grid cell centres (anchors, 2) x y and strides (anchors, 1), in pixels."""
    centres, strides = [], []
    for stride in STRIDES:
        axis = (np.arange(size // stride, dtype=np.float32) + 0.5) * stride
        y, x = np.meshgrid(axis, axis, indexing="ij")
        centres.append(np.stack([x.ravel(), y.ravel()], 1))
        strides.append(np.full((x.size, 1), stride, np.float32))
    return np.concatenate(centres), np.concatenate(strides)


def _append_selection(graph: onnx.GraphProto, size: int) -> None:
    """Score threshold, box decoding of what remains, suppression, the (m, 7) table."""
    centres, strides = _anchors(size)
    constants: dict[str, NDArray[Any] | np.generic] = {
        "centres": centres,
        "strides": strides,
        "bins": np.arange(BINS, dtype=np.float32).reshape(BINS, 1),
        "least_score": np.float32(LEAST_SCORE),
        "overlap": np.array([OVERLAP], np.float32),
        "most": np.array([2**31 - 1], np.int64),
        "offset": np.float32(BATCH_OFFSET),
        "split_head": np.array([4 * BINS, 1], np.int64),
        "split_side": np.array([2, 2], np.int64),
        "sides": np.array([-1, 4, BINS], np.int64),
        "flat": np.array([-1, 4], np.int64),
        "first": np.array([0], np.int64),
        "second": np.array([1], np.int64),
        "third": np.int64(2),
        "zeroth": np.int64(0),
        "nought": np.float32(0),
    }
    for name, value in constants.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))

    def add(kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        graph.node.append(helper.make_node(kind, inputs, outputs, **attributes))

    add("Split", ["heads", "split_head"], ["distances", "logits"], axis=1)
    add("Sigmoid", ["logits"], ["score_rows"])
    add("Squeeze", ["score_rows", "second"], ["scores"])
    add("Greater", ["scores", "least_score"], ["likely"])
    add("NonZero", ["likely"], ["where_rows"])
    add("Transpose", ["where_rows"], ["where"], perm=[1, 0])
    add("Gather", ["where_rows", "zeroth"], ["image_index"], axis=0)
    add("Gather", ["where_rows", "second"], ["anchor_row"], axis=0)
    add("Squeeze", ["anchor_row", "first"], ["anchor_index"])
    add("GatherND", ["scores", "where"], ["score"])
    add("Transpose", ["distances"], ["distances_last"], perm=[0, 2, 1])
    add("GatherND", ["distances_last", "where"], ["chosen"])
    add("Reshape", ["chosen", "sides"], ["chosen_sides"])
    add("Softmax", ["chosen_sides"], ["shares"], axis=-1)
    add("MatMul", ["shares", "bins"], ["expected"])
    add("Reshape", ["expected", "flat"], ["expected_flat"])
    add("Gather", ["strides", "anchor_index"], ["stride"], axis=0)
    add("Gather", ["centres", "anchor_index"], ["centre"], axis=0)
    add("Mul", ["expected_flat", "stride"], ["reach"])
    add("Split", ["reach", "split_side"], ["before", "after"], axis=1)
    add("Sub", ["centre", "before"], ["top_left"])
    add("Add", ["centre", "after"], ["bottom_right"])
    add("Concat", ["top_left", "bottom_right"], ["boxes"], axis=1)
    add("Cast", ["image_index"], ["image_number"], to=TensorProto.FLOAT)
    add("Unsqueeze", ["image_number", "second"], ["image_column"])
    add("Mul", ["image_column", "offset"], ["shift"])
    add("Add", ["boxes", "shift"], ["shifted"])
    add("Unsqueeze", ["shifted", "first"], ["nms_boxes"])
    add("Unsqueeze", ["score", "first"], ["score_row"])
    add("Unsqueeze", ["score_row", "first"], ["nms_scores"])
    add("NonMaxSuppression", ["nms_boxes", "nms_scores", "most", "overlap"], ["kept_rows"])
    add("Gather", ["kept_rows", "third"], ["kept"], axis=1)
    add("Unsqueeze", ["score", "second"], ["score_column"])
    add("Mul", ["score_column", "nought"], ["class_column"])
    add("Concat", ["image_column", "boxes", "class_column", "score_column"], ["table"], axis=1)
    add("Gather", ["table", "kept"], ["output0"], axis=0)
    del graph.output[:]
    graph.output.append(
        helper.make_tensor_value_info("output0", TensorProto.FLOAT, ["detections", 7])
    )
