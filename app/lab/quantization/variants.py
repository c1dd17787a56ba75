"""Make INT8 versions of a network.

Dynamic: weights as 8-bit integers, activations measured anew at each run. Static: activations
scaled by ranges measured beforehand, written as QuantizeLinear/DequantizeLinear pairs (QDQ), with
activations unsigned and weights signed, one scale a channel, as ONNX Runtime's documentation
recommends for CPUs with VNNI.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)

QUANTIZED = ("Conv", "MatMul", "Gemm")
"""Operators computed in 8 bits; what decodes boxes and characters stays in 32."""


class _Inputs(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Network inputs, one after the other, as the calibrator asks for them."""

    def __init__(self, name: str, inputs: Iterable[NDArray[Any]]) -> None:
        self._feeds: Iterator[dict[str, NDArray[Any]]] = ({name: one} for one in inputs)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._feeds, None)


def make_dynamic(network: Path, target: Path) -> Path:
    """Write the dynamic INT8 version. ONNX Runtime's CPU kernels want unsigned weights here."""
    with tempfile.TemporaryDirectory() as directory:
        inferred = _inferred(network, Path(directory))
        quantize_dynamic(
            inferred, target, op_types_to_quantize=list(QUANTIZED), weight_type=QuantType.QUInt8
        )
    return target


def make_static(network: Path, inputs: Iterable[NDArray[Any]], target: Path) -> Path:
    """Write the static INT8 version, calibrated on inputs of the network.

    Args:
        inputs: arrays as the network takes them, a few hundred pictures in all.
    """
    graph = onnx.load(network, load_external_data=False).graph
    with tempfile.TemporaryDirectory() as directory:
        inferred = _inferred(network, Path(directory))
        quantize_static(
            inferred,
            target,
            _Inputs(graph.input[0].name, inputs),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED),
            nodes_to_exclude=_stacked_products(graph),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    return target


def _stacked_products(graph: onnx.GraphProto) -> list[str]:
    """Products with several matrices at once, as a head for each slot: ONNX Runtime has no kernel
    for those with a scale for each channel."""
    stacked = {each.name for each in graph.initializer if len(each.dims) > 2}
    return [
        node.name
        for node in graph.node
        if node.op_type == "MatMul" and not stacked.isdisjoint(node.input)
    ]


def _inferred(network: Path, directory: Path) -> Path:
    """A copy with the shapes of all tensors, which the quantizer looks at."""
    target = directory / network.name
    onnx.save(onnx.shape_inference.infer_shapes(onnx.load(network)), target)
    return target
