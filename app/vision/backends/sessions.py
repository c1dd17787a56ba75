"""The one place where ONNX Runtime sessions are made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import onnxruntime as ort

from app.errors import DeviceUnavailable, ModelCorrupt
from app.vision.backends import cuda
from app.vision.backends.runtime import Device, Runtime

_PROVIDERS: dict[Device, tuple[str, dict[str, str]]] = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": (cuda.PROVIDER, cuda.OPTIONS),
}


class Session(Protocol):
    """A loaded network, for any number of threads at a time; as ONNX Runtime's class."""

    def run(self, names: Sequence[str] | None, inputs: dict[str, Any], /) -> list[Any]: ...
    def get_inputs(self) -> list[Any]: ...
    def get_outputs(self) -> list[Any]: ...

    @property
    def runtime(self) -> Runtime: ...


class OnnxSession:
    """One network, or copies of it, on ONNX Runtime."""

    def __init__(self, session: ort.InferenceSession | cuda.SessionPool, device: Device) -> None:
        self.runtime = Runtime("onnxruntime", device)
        self.run = session.run
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs


def open_session(model: Path | bytes, *, device: Device, threads: int) -> Session:
    """Load a network for use by many threads; arguments and errors are those of `load`."""
    if device == "cuda":
        cuda.require_cuda()
        copies = [load(model, device=device, threads=threads) for _ in range(cuda.COPIES)]
        return OnnxSession(cuda.SessionPool(copies), device)
    return OnnxSession(load(model, device=device, threads=threads), device)


def load(
    model: Path | bytes, *, device: Device, threads: int, profile: Path | None = None
) -> ort.InferenceSession:
    """Load a network on exactly the device asked for.

    Args:
        model: ONNX file, or its bytes.
        threads: threads one run spreads over on the CPU. One thread and several runs side by side
            give the most frames a second; several threads give the quickest single answer.
        profile: start of the name of a file for ONNX Runtime's profile of every run.

    Raises:
        DeviceUnavailable: the device does not work. There is no silent fallback to the CPU.
        ModelCorrupt: not a network ONNX Runtime can load.
    """
    provider, provider_options = _PROVIDERS[device]
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait must not burn the core that the next stage or request needs.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    source = model if isinstance(model, bytes) else str(model)
    try:
        session = ort.InferenceSession(
            source, options, providers=[(provider, provider_options)], enable_fallback=0
        )
    except Exception as error:  # the binding raises bare subclasses of it
        name = "model" if isinstance(model, bytes) else model.name
        raise ModelCorrupt(f"{name} is not a network ONNX Runtime can load: {error}") from error
    session.disable_fallback()
    if session.get_providers()[0] != provider:
        raise DeviceUnavailable(f"{provider} did not load for this network.")
    return session
