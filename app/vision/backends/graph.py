"""Make a detector's graph cheaper without changing what it finds.

Two rewrites of what ultralytics' end2end export does needlessly:

- YOLOv9 regresses each box side as a distribution over 16 bins (distribution focal loss, Li et al.
  2020, arXiv 2006.04388), and the exported graph decodes all anchors, of which a few hold a plate.
  Decoding only the best-scored anchors gives the same boxes and scores for a tenth of the work.
- Its ELAN blocks cut the output of a convolution in two. Slices leave ONNX Runtime's blocked layout
  (NCHWc), which reorders every tensor around them. Two convolutions with half the filters each
  compute the same numbers and need no slice.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

from app.errors import ModelCorrupt

KEPT_ANCHORS = 512
"""Anchors decoded. A plate is found by some ten of them, so this is room for fifty plates."""

Constants = dict[str, NDArray[Any]]


STRIDES = (8, 16, 32)
"""Pixels a anchor of each scale stands for."""


def optimize_detector(model: Path, *, height: int | None = None) -> bytes:
    """The network of an ONNX file, rewritten where it has the forms above, else as it is.

    Args:
        height: give the input this height in pixels, a multiple of 32, instead of its own.

    Raises:
        ModelCorrupt: the height of this network's input cannot be changed.
    """
    network = onnx.load_from_string(model.read_bytes())
    if height is not None:
        _set_height(network.graph, height)
    constants = read_constants(network.graph)
    _prune_anchors(network.graph, constants)
    _split_convolutions(network.graph, constants)
    return _serialized(network)


def read_constants(graph: GraphProto) -> Constants:
    return {item.name: numpy_helper.to_array(item) for item in graph.initializer}


def resizable_side(model: Path) -> int | None:
    """Side of the square input of an ONNX file that `optimize_detector` can give other heights."""
    graph = onnx.load_from_string(model.read_bytes()).graph
    if _anchor_tables(graph, read_constants(graph)) is None:
        return None
    side: int = graph.input[0].type.tensor_type.shape.dim[3].dim_value
    return side


def _set_height(graph: GraphProto, height: int) -> None:
    """Replace the input's height and the tables that have an entry for each anchor."""
    constants = read_constants(graph)
    tables = _anchor_tables(graph, constants)
    if tables is None:
        raise ModelCorrupt("The anchors of this detector are not known; its input stays as it is.")
    size = graph.input[0].type.tensor_type.shape.dim
    width = size[3].dim_value
    before, after = len(_centres(width, width)), len(_centres(height, width))
    lower = _tables(_centres(height, width))
    size[2].dim_value = height
    for item in graph.initializer:
        value = constants[item.name]
        if item.name in tables:
            table = np.ascontiguousarray(lower[tables[item.name]], dtype=np.float32)
            item.CopyFrom(numpy_helper.from_array(table, item.name))
        elif value.dtype == np.int64 and before in value:
            resized = np.where(value == before, after, value)
            item.CopyFrom(numpy_helper.from_array(resized, item.name))


def _anchor_tables(graph: GraphProto, constants: Constants) -> dict[str, int] | None:
    """The initializers that are one of `_tables` for the square input; None unless two are."""
    size = graph.input[0].type.tensor_type.shape.dim
    if len(size) != 4 or size[2].dim_value != size[3].dim_value or size[2].dim_value % 32:
        return None
    known = _tables(_centres(size[2].dim_value, size[3].dim_value))
    found = {
        name: number
        for name, value in constants.items()
        for number, table in enumerate(known)
        if value.dtype == np.float32 and value.shape == table.shape and np.allclose(value, table)
    }
    return found if len(found) == 2 else None


def _tables(centres: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """How exports lay out the anchors: ultralytics' in cells, ours in pixels."""
    cells, strides = centres[:, :2], centres[:, 2:]
    return [cells.T[np.newaxis], strides.T, cells * strides, strides]


def _centres(height: int, width: int) -> NDArray[np.float64]:
    """(anchors, 3): x and y of each anchor in cells of its scale, and the scale's stride."""
    scales: list[NDArray[np.float64]] = []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride] + 0.5
        scales.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, float(stride))], axis=1))
    return np.concatenate(scales)


def _prune_anchors(graph: GraphProto, constants: Constants) -> None:
    """Decode only the `KEPT_ANCHORS` anchors of highest score, for one picture and one class."""
    split = head_split(graph, constants)
    anchors = _anchor_count(constants)
    if split is not None and anchors is not None and anchors > KEPT_ANCHORS:
        _select(graph, split, constants, anchors)


def _split_convolutions(graph: GraphProto, constants: Constants) -> None:
    """Replace convolution, SiLU and slices of its channels by a convolution for each slice."""
    consumers: defaultdict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            consumers[name].append(node)
    for convolution in [node for node in graph.node if node.op_type == "Conv"]:
        activation = consumers[convolution.output[0]]
        if sorted(node.op_type for node in activation) != ["Mul", "Sigmoid"]:
            continue
        product = next(node for node in activation if node.op_type == "Mul")
        slices = consumers[product.output[0]]
        if slices and all(_is_channel_slice(node, constants) for node in slices):
            _split_one(graph, constants, convolution, [*activation, *slices], slices)


def _is_channel_slice(node: NodeProto, constants: Constants) -> bool:
    return (
        node.op_type == "Slice"
        and all(name in constants for name in node.input[1:])
        and constants[node.input[3]].tolist() == [1]
        and (len(node.input) < 5 or constants[node.input[4]].tolist() == [1])
    )


def _split_one(
    graph: GraphProto,
    constants: Constants,
    convolution: NodeProto,
    replaced: list[NodeProto],
    slices: list[NodeProto],
) -> None:
    filters = [constants[name] for name in convolution.input[1:]]
    position = list(graph.node).index(convolution)
    parts: list[NodeProto] = []
    for number, node in enumerate(slices):
        chosen = slice(int(constants[node.input[1]][0]), int(constants[node.input[2]][0]))
        stem = f"split/{convolution.output[0]}/{number}"
        part = NodeProto()
        part.CopyFrom(convolution)
        part.name, part.output[0] = stem, f"{stem}/output"
        for place, values in enumerate(filters, start=1):
            part.input[place] = f"{stem}/{place}"
            graph.initializer.append(numpy_helper.from_array(values[chosen], part.input[place]))
        gate = f"{stem}/gate"
        parts += [
            part,
            helper.make_node("Sigmoid", [part.output[0]], [gate]),
            helper.make_node("Mul", [part.output[0], gate], [node.output[0]]),
        ]
    for node in (convolution, *replaced):
        graph.node.remove(node)
    for offset, node in enumerate(parts):
        graph.node.insert(position + offset, node)


def _serialized(network: ModelProto) -> bytes:
    del network.graph.value_info[:]  # shapes of before
    serialized: bytes = network.SerializeToString()
    return serialized


def head_split(graph: GraphProto, constants: Constants) -> NodeProto | None:
    """The node that splits the head into 64 box channels and one score a anchor."""
    for node in graph.node:
        if node.op_type == "Split" and len(node.input) == 2:
            sizes = constants.get(node.input[1])
            if sizes is not None and sizes.tolist() == [64, 1]:
                found: NodeProto = node
                return found
    return None


def _anchor_count(constants: Constants) -> int | None:
    """Number of anchors, from the constant table of their centres (1, 2, anchors)."""
    for value in constants.values():
        if value.ndim == 3 and value.shape[:2] == (1, 2) and value.dtype == np.float32:
            return int(value.shape[2])
    return None


def _select(
    graph: GraphProto,
    split: NodeProto,
    constants: Constants,
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
