"""Shapes that stay the same from picture to picture, for devices that prepare anew for each.

ONNX Runtime plans a convolution on CUDA for the shape of its input and keeps one plan: where the
next input has another shape, planning takes longer than running, some 20 ms for the refiner of the
project's own detector. That looks at each plate found, and pictures show different numbers of them.
"""

import numpy as np
from onnx import GraphProto, NodeProto, helper, numpy_helper

STEP = 16
"""Plates the refiner looks at are filled up to a multiple of it."""
_FOUND = "refiner/found"
_FIRST, _SECOND, _STEP, _COLUMNS = (f"filled/{name}" for name in ("0", "1", "step", "columns"))


def fill_refiner(graph: GraphProto) -> None:
    """Give the refiner of the project's own detector (models/training/refiner) empty rows.

    At least one and at most `STEP`, so that their number is never nought. Their score is 0, so that
    they are the last rows of the table that the refiner sorts; they are cut off again. Other
    networks stay as they are.
    """
    source = next((node for node in graph.node if _FOUND in node.output), None)
    if source is None:
        return
    (output,) = (value.name for value in graph.output)
    last = next(node for node in graph.node if output in node.output)
    columns = graph.output[0].type.tensor_type.shape.dim[1].dim_value
    constants = {_FIRST: [0], _SECOND: [1], _STEP: [STEP], _COLUMNS: [columns]}
    graph.initializer.extend(
        numpy_helper.from_array(np.array(value, np.int64), name)
        for name, value in constants.items()
    )
    source.output[0] = "filled/found"
    last.output[0] = "filled/output"
    nothing = numpy_helper.from_array(np.zeros(1, np.float32))
    fill = [
        helper.make_node("Shape", ["filled/found"], ["filled/shape"]),
        helper.make_node("Slice", ["filled/shape", _FIRST, _SECOND], ["filled/rows"]),
        helper.make_node("Mod", ["filled/rows", _STEP], ["filled/over"]),
        helper.make_node("Sub", [_STEP, "filled/over"], ["filled/lacking"]),
        helper.make_node("Concat", ["filled/lacking", _COLUMNS], ["filled/size"], axis=0),
        helper.make_node("ConstantOfShape", ["filled/size"], ["filled/empty"], value=nothing),
        helper.make_node("Concat", ["filled/found", "filled/empty"], [_FOUND], axis=0),
    ]
    cut = helper.make_node("Slice", ["filled/output", _FIRST, "filled/rows", _FIRST], [output])
    _insert_after(graph, source, fill)
    _insert_after(graph, last, [cut])


def _insert_after(graph: GraphProto, node: NodeProto, nodes: list[NodeProto]) -> None:
    position = list(graph.node).index(node) + 1
    for offset, each in enumerate(nodes):
        graph.node.insert(position + offset, each)
