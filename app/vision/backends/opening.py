"""Networks on the runtime that the settings mean."""

from pathlib import Path
from types import ModuleType
from typing import Any

from app.errors import BackendUnavailable
from app.vision.backends.graph import optimize_detector
from app.vision.backends.runtime import Runtime
from app.vision.backends.sessions import Session, open_session

_Key = tuple[Path, int | None]


class Loader:
    """Opens networks, each as often as asked; what can be prepared once is prepared once.

    For one start: it keeps what it prepared. Different networks may be opened side by side.
    """

    def __init__(self, runtime: Runtime) -> None:
        """Load nothing yet but the backend. Raises BackendUnavailable."""
        self.runtime = runtime
        self._openvino = _openvino() if runtime.backend == "openvino" else None
        self._networks: dict[_Key, bytes] = {}
        self._programs: dict[_Key, Any] = {}

    def detector(
        self,
        model: Path,
        *,
        height: int | None = None,
        threads: int,
        runs: int,
    ) -> Session:
        """Load a detector, made cheaper by `optimize_detector`.

        Args:
            height: of the input in pixels, instead of its own.
            threads: threads one run spreads over on the CPU.
            runs: runs expected side by side; on OpenVINO further ones wait.

        Raises:
            ModelError: the device is not there, or the network cannot be loaded on it.
        """
        key = (model, height)
        if key not in self._networks:
            self._networks[key] = optimize_detector(model, height=height)
        network = self._networks[key]
        if self._openvino is None:
            return open_session(network, device=self.runtime.device, threads=threads)
        if key not in self._programs:
            self._programs[key] = self._openvino.DetectorProgram(network, self.runtime.precision)
        session: Session = self._programs[key].open(threads=threads, runs=runs)
        return session

    def recognizer(self, model: Path, *, threads: int, runs: int) -> Session:
        """Load an OCR; arguments and errors are those of `detector`."""
        if self._openvino is None:
            return open_session(model, device=self.runtime.device, threads=threads)
        key = (model, None)
        if key not in self._programs:
            self._programs[key] = self._openvino.Program(model, self.runtime.precision)
        session: Session = self._programs[key].open(threads=threads, runs=runs)
        return session


def _openvino() -> ModuleType:
    try:
        from app.vision.backends import openvino  # noqa: PLC0415 - only where it is used
    except ImportError as error:
        raise BackendUnavailable(
            f"OpenVINO cannot be loaded ({error}). Install requirements.txt, or set "
            "ALPR_BACKEND=onnxruntime."
        ) from error
    return openvino
