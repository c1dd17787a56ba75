"""What bfloat16 arithmetic answers, on any processor: `python -m app.lab.quantization.bfloat16`.

Writes a copy of a network that computes in float32 and rounds to bfloat16 what OpenVINO keeps in it
at `ALPR_PRECISION=fast`: weights, the picture, and what each layer gives to the next. Evaluate it
in the place of the network. An activation belongs to its convolution, as OpenVINO fuses them; the
tail of a detector stays as it is.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from app.vision.backends.parts import split_detector

_PRODUCTS = frozenset({"Conv", "Gemm", "MatMul"})
_MOVING = frozenset(
    {
        *("Concat", "Constant", "Flatten", "Gather", "Identity", "MaxPool", "Reshape", "Resize"),
        *("Shape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"),
    }
)
"""Operators that give on what they got."""


def emulate(network: bytes) -> ModelProto:
    """The network with all that OpenVINO would keep in bfloat16 rounded to it."""
    model = onnx.load_from_string(network)
    graph = model.graph
    parts = split_detector(network)
    body = onnx.load_from_string(parts[0]).graph if parts else graph
    inside = {node.output[0] for node in body.node}
    _round_weights(graph, inside)
    stored = _floats(model) & inside - _fused(graph) - {value.name for value in graph.output}
    pictures = {value.name: f"{value.name}/rounded" for value in graph.input if _is_float(value)}
    nodes = [node for name, new in pictures.items() for node in _rounding(name, new)]
    for node in graph.node:
        name = node.output[0]
        nodes.append(node)
        if name in inside:
            node.input[:] = [pictures.get(given, given) for given in node.input]
        if name in stored and node.op_type not in _MOVING:
            node.output[0] = f"{name}/exact"
            nodes += _rounding(node.output[0], name)
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def round_to_bfloat16(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """To the nearest number with 8 significant bits, of two as near to the even one."""
    bits = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32)


def _round_weights(graph: GraphProto, inside: set[str]) -> None:
    """Of products, but not their biases, which OpenVINO adds in float32."""
    products = [node for node in graph.node if node.op_type in _PRODUCTS]
    factors = {name for node in products if node.output[0] in inside for name in node.input[:2]}
    for item in graph.initializer:
        if item.name in factors and item.data_type == TensorProto.FLOAT:
            rounded = round_to_bfloat16(numpy_helper.to_array(item))
            item.CopyFrom(numpy_helper.from_array(rounded, item.name))


def _floats(model: ModelProto) -> set[str]:
    inferred = onnx.shape_inference.infer_shapes(model).graph
    return {value.name for value in inferred.value_info if _is_float(value)}


def _is_float(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.elem_type == TensorProto.FLOAT)


def _fused(graph: GraphProto) -> set[str]:
    """What no layer stores: the input and the gate of each SiLU, x * sigmoid(x)."""
    consumers: defaultdict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            consumers[name].append(node)
    fused: set[str] = set()
    for node in graph.node:
        if node.op_type == "Sigmoid":
            (given,), (gate,) = node.input, node.output
            if sorted(each.op_type for each in consumers[given]) == ["Mul", "Sigmoid"]:
                fused |= {given, gate}
    return fused


def _rounding(name: str, new: str) -> list[NodeProto]:
    return [
        helper.make_node("Cast", [name], [f"{new}/bfloat16"], to=TensorProto.BFLOAT16),
        helper.make_node("Cast", [f"{new}/bfloat16"], [new], to=TensorProto.FLOAT),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path, help="ONNX file of a detector or an OCR")
    parser.add_argument("out", type=Path, help="file to write")
    arguments = parser.parse_args()
    onnx.save(emulate(arguments.network.read_bytes()), arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
