"""Which nodes of a network run where, and what they take: from ONNX Runtime's profile."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.vision.backends.runtime import Device
from app.vision.backends.sessions import load

WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Placement:
    """Of one run. On a GPU the milliseconds of its nodes are those of starting them; what waits
    for their end is the next copy to the host, a node of its own (`MemcpyToHost`)."""

    nodes: dict[str, int]
    """By execution provider."""
    milliseconds: dict[str, float]
    """By execution provider."""
    on_cpu: dict[str, int]
    """Nodes the CPU runs, by operator."""
    copies: dict[str, int]
    """Copies between the host's memory and the GPU's, by operator."""
    copy_milliseconds: float


def placement(
    model: Path | bytes, device: Device, inputs: Mapping[str, Any], *, runs: int = 20
) -> Placement:
    """Profile a network on one input.

    Args:
        inputs: as for `InferenceSession.run`.
    """
    with tempfile.TemporaryDirectory() as directory:
        session = load(model, device=device, threads=1, profile=Path(directory) / "profile")
        for _ in range(WARM_UP + runs):
            session.run(None, dict(inputs))
        events = json.loads(Path(session.end_profiling()).read_text())
    kernels = [event for event in events if event["cat"] == "Node" and "provider" in event["args"]]
    each = len(kernels) // (WARM_UP + runs)
    kernels = kernels[-each * runs :]
    nodes: Counter[str] = Counter()
    milliseconds: Counter[str] = Counter()
    on_cpu: Counter[str] = Counter()
    copies: Counter[str] = Counter()
    copy_milliseconds = 0.0
    for number, event in enumerate(kernels):
        provider = event["args"]["provider"].removesuffix("ExecutionProvider")
        operator = event["args"]["op_name"]
        is_copy = operator.startswith("Memcpy")
        spent = event["dur"] / 1e3 / runs
        if is_copy:
            copy_milliseconds += spent
        else:
            milliseconds[provider] += spent
        if number < each:
            nodes[provider] += not is_copy
            copies[operator] += is_copy
            on_cpu[operator] += provider == "CPU" and not is_copy
    return Placement(
        dict(nodes), dict(milliseconds), dict(+on_cpu), dict(+copies), copy_milliseconds
    )
