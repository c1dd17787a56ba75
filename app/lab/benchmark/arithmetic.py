"""What each network costs on one thread, and how much of the processor's arithmetic it uses."""

import math
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from app.vision.backends.graph import optimize_detector
from app.vision.backends.opening import Loader
from app.vision.backends.runtime import Runtime
from app.vision.backends.sessions import Session, load
from app.weights.resolve import Weights

SHARED = 8
"""Crops of one run."""
SIDE = 1024
"""Of the square matrices whose product stands for the most a processor does."""
_WARM_UP, _RUNS = 3, 20
_PRODUCTS = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True)
class NetworkCost:
    """Of one run. `milliseconds` is processor time; `gigaflops` are the operations of its products,
    `peak_share` their rate over that of a large matrix product on the same runtime."""

    network: str
    runtime: Runtime
    milliseconds: float
    gigaflops: float
    peak_share: float


def network_costs(weights: Weights, runtime: Runtime) -> list[NetworkCost]:
    """One picture of the detector, at its square input, and one crop of the OCR; many, too,
    where a run takes them: that is what pictures would gain by sharing it."""
    loader = Loader(runtime)
    product = _product(loader)
    ones = np.ones((1, SIDE, SIDE), np.float32)
    peak = 2 * SIDE**3 / _milliseconds(product, {"x": ones})
    detector, ocr = weights.detector.path, weights.ocr.path
    reader = loader.recognizer(ocr, threads=1, runs=1)
    costs: list[NetworkCost] = []
    runs = [
        ("detector", optimize_detector(detector), loader.detector(detector, threads=1, runs=1), 1),
        ("OCR", ocr.read_bytes(), reader, 1),
    ]
    if reader.get_inputs()[0].shape[0] != 1:
        runs.append((f"OCR, {SHARED} crops", ocr.read_bytes(), reader, SHARED))
    for name, network, session, batch in runs:
        milliseconds = _milliseconds(session, _empty(session, batch))
        operations = 2 * multiply_adds(network) * batch
        share = operations / milliseconds / peak
        costs.append(NetworkCost(name, session.runtime, milliseconds, operations / 1e9, share))
    return costs


def multiply_adds(network: bytes) -> int:
    """Of the convolutions and matrix products, for one empty picture or crop."""
    model = onnx.load_from_string(network)
    products = [node for node in model.graph.node if node.op_type in _PRODUCTS]
    names = {name for node in products for name in (*node.input[:2], node.output[0])}
    weights = {item.name: tuple(item.dims) for item in model.graph.initializer}
    known = weights.keys() | {value.name for value in (*model.graph.input, *model.graph.output)}
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names - known)
    session = load(model.SerializeToString(), device="cpu", threads=1)
    picture = _empty(session)
    outputs = [output.name for output in session.get_outputs()]
    computed = zip(outputs, session.run(outputs, picture), strict=True)
    shapes = weights | {name: np.shape(value) for name, value in (*picture.items(), *computed)}
    count = 0
    for node in products:
        factors = shapes[node.input[1]] if node.op_type == "Conv" else shapes[node.input[0]]
        each = math.prod(factors[1:]) if node.op_type == "Conv" else factors[-1]
        count += math.prod(shapes[node.output[0]]) * each
    return count


def _empty(session: Session | ort.InferenceSession, batch: int = 1) -> dict[str, Any]:
    (port,) = session.get_inputs()
    sizes = [batch, *port.shape[1:]]
    return {port.name: np.zeros(sizes, np.uint8 if sizes[-1] in (1, 3) else np.float32)}


def _milliseconds(session: Session, inputs: dict[str, Any]) -> float:
    """Processor time of the median run, without the first ones."""
    spent: list[float] = []
    for _ in range(_WARM_UP + _RUNS):
        start = time.process_time()
        session.run(None, inputs)
        spent.append((time.process_time() - start) * 1e3)
    return statistics.median(spent[_WARM_UP:])


def _product(loader: Loader) -> Session:
    """Two large matrices, one of them constant."""
    matrix = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    size = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, SIDE, SIDE))
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [size],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, SIDE, SIDE))],
        [numpy_helper.from_array(matrix, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "product.onnx"
        onnx.save(model, path)
        return loader.recognizer(path, threads=1, runs=1)
