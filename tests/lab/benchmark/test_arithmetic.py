"""Counting a network's operations, and timing them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from app.config import Settings
from app.lab.benchmark.arithmetic import SHARED, multiply_adds, network_costs
from app.vision.backends.runtime import Runtime
from app.weights.resolve import resolve_weights


def test_counts_the_products_of_each_kind() -> None:
    filters = numpy_helper.from_array(np.ones((4, 1, 3, 3), np.float32), "filters")
    grouped = numpy_helper.from_array(np.ones((4, 1, 1, 1), np.float32), "grouped")
    factors = numpy_helper.from_array(np.ones((36, 5), np.float32), "factors")
    shape = numpy_helper.from_array(np.array([1, 144]), "shape")
    pairs = numpy_helper.from_array(np.array([4, 36]), "pairs")
    weights = numpy_helper.from_array(np.ones((144, 7), np.float32), "weights")
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "filters"], ["a"]),  # 4 x 6 x 6 of 1 x 3 x 3
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("Conv", ["b", "grouped"], ["c"], group=4),  # 4 x 6 x 6 of 1
            helper.make_node("Reshape", ["c", "pairs"], ["d"]),
            helper.make_node("MatMul", ["d", "factors"], ["e"]),  # 4 x 5 of 36
            helper.make_node("Reshape", ["c", "shape"], ["f"]),
            helper.make_node("Gemm", ["f", "weights"], ["g"]),  # 7 of 144
        ],
        "counted",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("batch", 1, 8, 8))],
        [helper.make_tensor_value_info("g", TensorProto.FLOAT, (1, 7))],
        [filters, grouped, factors, shape, pairs, weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    expected = 144 * 9 + 144 + 20 * 36 + 7 * 144
    assert multiply_adds(model.SerializeToString()) == expected


@pytest.mark.slow
@pytest.mark.parametrize("runtime", [Runtime(), Runtime("openvino")], ids=lambda one: one.backend)
def test_costs_are_told_for_each_runtime(runtime: Runtime) -> None:
    detector, ocr, *shared = network_costs(resolve_weights(Settings()), runtime)
    assert detector.runtime == ocr.runtime == runtime
    assert detector.gigaflops == pytest.approx(2.55, rel=0.05)
    assert 0 < ocr.gigaflops < detector.gigaflops
    assert detector.milliseconds > ocr.milliseconds > 0
    together = [SHARED * ocr.gigaflops] if runtime.backend == "onnxruntime" else []
    assert [each.gigaflops for each in shared] == pytest.approx(together)
    assert 0 < detector.peak_share < 3  # of a rate that is measured beside other tests
