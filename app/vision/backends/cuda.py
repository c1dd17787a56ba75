"""What ONNX Runtime on CUDA needs that it does not on the CPU."""

import re
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper

from app.errors import DeviceUnavailable

PROVIDER = "CUDAExecutionProvider"
OPTIONS = {
    # Answers are those of the CPU: TensorFloat-32 would keep 10 bits of each factor.
    "use_tf32": "0",
    # Not the default, which times every algorithm on the first run of each new number of crops.
    "cudnn_conv_algo_search": "HEURISTIC",
}
COPIES = 4
"""Of each network on the card. With four the threads that decode pictures are what limits a process
(`python -m app.lab.benchmark.cuda`); one takes about 0.3 GB of the card's memory."""
_REASON = re.compile(r"CU\w+ failure [^;]+(?= ;)")


class SessionPool:
    """Copies of one network, each of which runs one input at a time.

    Runs side by side in one session on CUDA give wrong answers and end the process with illegal
    memory accesses (onnxruntime-gpu 1.31.1; github.com/microsoft/onnxruntime/issues/15154).
    """

    def __init__(self, sessions: Sequence[ort.InferenceSession]) -> None:
        self._first = sessions[0]
        self._free: SimpleQueue[ort.InferenceSession] = SimpleQueue()
        for session in sessions:
            self._free.put(session)

    def run(self, names: Sequence[str] | None, inputs: dict[str, Any]) -> list[Any]:
        """As of `InferenceSession`, on the copy that has been free the longest."""
        session = self._free.get()
        try:
            outputs: list[Any] = session.run(names, inputs)
        finally:
            self._free.put(session)
        return outputs

    def get_inputs(self) -> list[Any]:
        inputs: list[Any] = self._first.get_inputs()
        return inputs

    def get_outputs(self) -> list[Any]:
        outputs: list[Any] = self._first.get_outputs()
        return outputs

    def get_providers(self) -> list[str]:
        providers: list[str] = self._first.get_providers()
        return providers


def require_cuda() -> None:
    """Run one convolution on the first GPU.

    A missing driver, library or card, and a card that this onnxruntime-gpu has no code for, show
    themselves at different moments, some only in the first run. Here they do before anything
    else, and cannot be taken for a damaged network.

    Raises:
        DeviceUnavailable: it failed, or ran elsewhere.
    """
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # the CUDA and cuDNN wheels beside onnxruntime-gpu, where installed
    offered = ort.get_available_providers()
    if PROVIDER not in offered:
        raise DeviceUnavailable(
            f"{PROVIDER} is not available: this onnxruntime offers {', '.join(offered)}. "
            "Install onnxruntime-gpu (Dockerfile.gpu) or set ALPR_DEVICE=cpu."
        )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(
            _convolution(), options, providers=[(PROVIDER, OPTIONS)], enable_fallback=0
        )
        loaded = session.get_providers()[0]
        session.disable_fallback()
        session.run(None, {"x": np.ones((1, 8, 8, 8), np.float32)})
    except Exception as error:  # the binding raises bare subclasses of it
        reason = _REASON.search(str(error))
        raise DeviceUnavailable(
            f"CUDA does not work here: {reason.group() if reason else error}"
        ) from error
    if loaded != PROVIDER:
        raise DeviceUnavailable(
            f"{PROVIDER} did not load; check the driver and the CUDA and cuDNN libraries "
            "(requirements-gpu.txt)."
        )


def _convolution() -> bytes:
    weights = helper.make_tensor("w", TensorProto.FLOAT, (8, 8, 3, 3), [0.5] * 576)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "cuda",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 8, 8, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 8, 6, 6))],
        [weights],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    serialized: bytes = model.SerializeToString()
    return serialized
