"""The one place where ONNX Runtime sessions are made."""

from pathlib import Path
from typing import Literal

import onnxruntime as ort

from app.errors import DeviceUnavailable, ModelCorrupt

Device = Literal["cpu", "cuda"]
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def open_session(model: Path | bytes, *, device: Device, threads: int) -> ort.InferenceSession:
    """Load a network on exactly the device asked for.

    Args:
        model: ONNX file, or its bytes.
        threads: threads one run spreads over on the CPU. One thread and several runs side by side
            give the most frames a second; several threads give the quickest single answer.

    Raises:
        DeviceUnavailable: the execution provider is not installed or did not load. There is no
            silent fallback to the CPU.
        ModelCorrupt: not a network ONNX Runtime can load.
    """
    provider = _PROVIDERS[device]
    if device == "cuda" and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # the CUDA and cuDNN wheels beside onnxruntime-gpu, where installed
    if provider not in ort.get_available_providers():
        raise DeviceUnavailable(
            f"{provider} is not available: this onnxruntime offers "
            f"{', '.join(ort.get_available_providers())}. Install onnxruntime-gpu "
            "(Dockerfile.gpu) or set ALPR_DEVICE=cpu."
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait must not burn the core that the next stage or request needs.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    source = model if isinstance(model, bytes) else str(model)
    try:
        session = ort.InferenceSession(source, sess_options=options, providers=[provider])
    except Exception as error:  # the binding raises bare subclasses of it
        name = "model" if isinstance(model, bytes) else model.name
        raise ModelCorrupt(f"{name} is not a network ONNX Runtime can load: {error}") from error
    session.disable_fallback()
    if session.get_providers()[0] != provider:
        raise DeviceUnavailable(
            f"{provider} did not load and ONNX Runtime fell back to "
            f"{session.get_providers()[0]}; check the CUDA and cuDNN libraries."
        )
    return session
