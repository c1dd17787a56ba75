"""Make a detector's graph cheaper without changing what it finds.

YOLOv9 regresses each box side as a distribution over 16 bins (distribution focal loss, Li et al.
2020, arXiv 2006.04388) and the exported graphs decode all anchors, of which a few hold a plate.
Decoding only the best-scored anchors gives the same boxes and scores for a tenth of the work.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

KEPT_ANCHORS = 512
"""Anchors decoded. A plate is found by some ten of them, so this is room for fifty plates."""


def prune_anchors(model: Path) -> bytes:
    """The network of an ONNX file, decoding only the `KEPT_ANCHORS` anchors of highest score.

    A graph of another form than ultralytics' end2end export for one picture and one class is
    given back as it is.
    """
    data = model.read_bytes()
    network = onnx.load_from_string(data)
    graph = network.graph
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    split = _head_split(graph, constants)
    if split is None:
        return data
    anchors = _anchor_count(graph, constants)
    if anchors is None or anchors <= KEPT_ANCHORS:
        return data
    _select(graph, split, constants, anchors)
    return _serialized(network)


def _serialized(network: ModelProto) -> bytes:
    del network.graph.value_info[:]  # shapes of before
    serialized: bytes = network.SerializeToString()
    return serialized


def _head_split(graph: GraphProto, constants: dict[str, NDArray[Any]]) -> NodeProto | None:
    """The node that splits the head into 64 box channels and one score a anchor."""
    for node in graph.node:
        if node.op_type == "Split" and len(node.input) == 2:
            sizes = constants.get(node.input[1])
            if sizes is not None and sizes.tolist() == [64, 1]:
                found: NodeProto = node
                return found
    return None


def _anchor_count(graph: GraphProto, constants: dict[str, NDArray[Any]]) -> int | None:
    """Number of anchors, from the constant table of their centres (1, 2, anchors)."""
    for value in constants.values():
        if value.ndim == 3 and value.shape[:2] == (1, 2) and value.dtype == np.float32:
            return int(value.shape[2])
    return None


def _select(
    graph: GraphProto,
    split: NodeProto,
    constants: dict[str, NDArray[Any]],
    anchors: int,
) -> None:
    """Gather the best anchors from the head and from each table that has one entry an anchor."""
    boxes, scores = split.output
    chosen = "pruned/anchors"
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array([KEPT_ANCHORS], np.int64), "pruned/count"),
            numpy_helper.from_array(np.array([-1], np.int64), "pruned/flat"),
        ]
    )
    selection = [
        helper.make_node("Reshape", [scores, "pruned/flat"], ["pruned/scores"]),
        helper.make_node(
            "TopK", ["pruned/scores", "pruned/count"], ["pruned/values", "pruned/ranked"]
        ),
        # In their old order, so that equal scores are suppressed as before.
        helper.make_node("Cast", ["pruned/ranked"], ["pruned/keys"], to=onnx.TensorProto.FLOAT),
        helper.make_node(
            "TopK", ["pruned/keys", "pruned/count"], ["pruned/sorted", "pruned/order"], largest=0
        ),
        helper.make_node("Cast", ["pruned/sorted"], [chosen], to=onnx.TensorProto.INT64),
    ]
    renamed = {}
    for name in (boxes, scores):
        renamed[name] = f"pruned/{name}"
        selection.append(helper.make_node("Gather", [name, chosen], [renamed[name]], axis=2))
    for name, table in constants.items():
        if table.dtype == np.float32 and table.ndim > 1 and table.shape[-1] == anchors:
            renamed[name] = f"pruned/{name}"
            selection.append(
                helper.make_node("Gather", [name, chosen], [renamed[name]], axis=table.ndim - 1)
            )
    position = list(graph.node).index(split) + 1
    for node in list(graph.node)[position:]:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    for offset, node in enumerate(selection):
        graph.node.insert(position + offset, node)
    for item in graph.initializer:
        shape = constants.get(item.name)
        if shape is not None and shape.dtype == np.int64 and anchors in shape:
            resized = np.where(shape == anchors, KEPT_ANCHORS, shape)
            item.CopyFrom(numpy_helper.from_array(resized, item.name))
