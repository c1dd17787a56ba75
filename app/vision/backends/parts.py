"""A detector in two parts, so that each runs where it is best.

The body, all of it convolutions, is nine tenths of the work and bears reduced precision. The tail
does not: there distances become pixels, and bfloat16 has 8 bits, too few for one of 416.
"""

from collections.abc import Iterable, Sequence

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from app.vision.backends.graph import head_split, read_constants


def split_detector(network: bytes) -> tuple[bytes, bytes] | None:
    """Body and tail of a detector of `optimize_detector`; None where it has no head as YOLOv9's.

    The body gives the head's rows, (n, 65, anchors) float32: logits of the distances and scores.
    The tail takes them as its first input, and the picture where it looks at it again.
    """
    model = onnx.load_from_string(network)
    graph = model.graph
    split = head_split(graph, read_constants(graph))
    if split is None:
        return None
    (picture,) = graph.input
    rows = helper.make_tensor_value_info(split.input[0], TensorProto.FLOAT, ("n", 65, "anchors"))
    body = _between(graph, [rows.name], {picture.name})
    tail = _between(graph, [output.name for output in graph.output], {rows.name, picture.name})
    inputs = [rows, picture] if any(picture.name in node.input for node in tail) else [rows]
    return _network(model, body, [picture], [rows]), _network(model, tail, inputs, graph.output)


def _between(graph: GraphProto, outputs: Iterable[str], inputs: set[str]) -> list[NodeProto]:
    """The nodes that lead from inputs, or from constants, to outputs, in their order."""
    producers = {name: number for number, node in enumerate(graph.node) for name in node.output}
    needed: set[int] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in inputs or name not in producers or producers[name] in needed:
            continue
        needed.add(producers[name])
        waiting += graph.node[producers[name]].input
    return [graph.node[number] for number in sorted(needed)]


def _network(
    model: ModelProto,
    nodes: Sequence[NodeProto],
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[ValueInfoProto],
) -> bytes:
    used = {name for node in nodes for name in node.input}
    weights = [item for item in model.graph.initializer if item.name in used]
    graph = helper.make_graph(nodes, model.graph.name, inputs, outputs, weights)
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    serialized: bytes = part.SerializeToString()
    return serialized
