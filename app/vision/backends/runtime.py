"""Which library runs a network, on which device, and in which arithmetic."""

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Backend = Literal["onnxruntime", "openvino"]
Device = Literal["cpu", "cuda"]
Precision = Literal["float32", "bfloat16"]

BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
"""Of `/proc/cpuinfo`: processors that multiply bfloat16 at twice the rate of float32 or more."""
_PROVIDERS = {
    ("onnxruntime", "cpu"): "CPUExecutionProvider",
    ("onnxruntime", "cuda"): "CUDAExecutionProvider",
    ("openvino", "cpu"): "OpenVINO",
}


@dataclass(frozen=True)
class Runtime:
    """What a network runs on. Sums are float32 at every precision; `precision` is that of factors.

    `provider` is the name of ONNX Runtime's execution provider, or `OpenVINO`.
    """

    backend: Backend = "onnxruntime"
    device: Device = "cpu"
    precision: Precision = "float32"

    @property
    def provider(self) -> str:
        return _PROVIDERS[self.backend, self.device]


def choose_runtime(
    *,
    backend: Literal["auto", "onnxruntime", "openvino"] = "auto",
    precision: Literal["exact", "fast"] = "exact",
    device: Device = "cpu",
    root: Path = Path("/"),
) -> Runtime:
    """What the settings mean on this processor.

    `auto` follows what was measured for each kind of processor (docs/speed.md): OpenVINO where it
    may compute in bfloat16 and the processor can, else ONNX Runtime, which in float32 is as fast
    or faster and answers as fast-alpr to the bit.

    Args:
        root: of the file system whose `proc/cpuinfo` is read.
    """
    reduced = precision == "fast" and device == "cpu" and has_bfloat16(root)
    if backend == "auto":
        backend = "openvino" if reduced else "onnxruntime"
    return Runtime(backend, device, "bfloat16" if reduced and backend == "openvino" else "float32")


def has_bfloat16(root: Path = Path("/")) -> bool:
    """Whether this processor has bfloat16 arithmetic; False where Linux does not tell."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False  # arm64's is not measured
    try:
        lines = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    return not BFLOAT16_FLAGS.isdisjoint(flags.split())
