"""OpenVINO on the CPU, which multiplies bfloat16 where the processor can; ONNX Runtime does not.

Imported only where it is used: that takes 0.1 s and 25 MB.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from app.errors import ModelCorrupt
from app.vision.backends.parts import split_detector
from app.vision.backends.runtime import Precision, Runtime
from app.vision.backends.sessions import Session, open_session

# At its import OpenVINO tells its maker, through an analytics service, and writes into the home
# folder, unless it finds no `openvino_telemetry`.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402

_HINTS: dict[Precision, str] = {"float32": "f32", "bfloat16": "bf16"}


@dataclass(frozen=True)
class Port:
    """An input or output; sizes that may vary are None."""

    name: str
    shape: list[int | None]


class OpenVinoSession:
    """One network. A thread that finds all runs taken waits for one to end."""

    def __init__(self, compiled: ov.CompiledModel, *, runs: int) -> None:
        precise = compiled.get_property("INFERENCE_PRECISION_HINT") == ov.Type.f32
        self.runtime = Runtime("openvino", "cpu", "float32" if precise else "bfloat16")
        self._inputs = [_port(port) for port in compiled.inputs]
        self._outputs = [_port(port) for port in compiled.outputs]
        self._numbers = {port.name: number for number, port in enumerate(self._outputs)}
        self._free: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(runs):
            self._free.put(compiled.create_infer_request())

    def run(self, names: Sequence[str] | None, inputs: dict[str, Any], /) -> list[Any]:
        """As of ONNX Runtime's `InferenceSession`."""
        request = self._free.get()
        try:
            # Outputs are copied, since the next run writes where they are.
            outputs = request.infer(inputs, share_inputs=True, share_outputs=False)
            wanted = self._numbers if names is None else names
            return [outputs[self._numbers[name]] for name in wanted]
        finally:
            self._free.put(request)

    def get_inputs(self) -> list[Any]:
        return list(self._inputs)

    def get_outputs(self) -> list[Any]:
        return list(self._outputs)


class DetectorSession:
    """A detector in two parts: the body here, the tail in float32 on ONNX Runtime.

    The tail has few and varying rows, for each number of which OpenVINO prepares anew.
    """

    def __init__(self, body: OpenVinoSession, tail: Session) -> None:
        self.runtime = body.runtime
        self._body, self._tail = body, tail
        self._rows, *pictures = (port.name for port in tail.get_inputs())
        self._pictures = frozenset(pictures)

    def run(self, names: Sequence[str] | None, inputs: dict[str, Any], /) -> list[Any]:
        """As of ONNX Runtime's `InferenceSession`."""
        (rows,) = self._body.run(None, inputs)
        pictures = {name: picture for name, picture in inputs.items() if name in self._pictures}
        return self._tail.run(names, {self._rows: rows, **pictures})

    def get_inputs(self) -> list[Any]:
        return self._body.get_inputs()

    def get_outputs(self) -> list[Any]:
        return self._tail.get_outputs()


class Program:
    """A network compiled for one picture or crop a run, to be opened several times.

    A batch of several gains a tenth at most; leaving its size open loses more than that.
    """

    def __init__(self, model: Path | bytes, precision: Precision) -> None:
        """Load nothing yet.

        Args:
            precision: of the factors. A processor without bfloat16 takes float32, and the
                session's `runtime` says so.
        """
        self._model = model
        self._precision = precision
        self._exported: bytes | None = None

    def open(self, *, threads: int, runs: int) -> OpenVinoSession:
        """A session for that many runs side by side, each spread over that many threads.

        Raises:
            ModelCorrupt: not a network OpenVINO can load.
        """
        options = {
            "INFERENCE_PRECISION_HINT": _HINTS[self._precision],
            "NUM_STREAMS": runs,
            "INFERENCE_NUM_THREADS": runs * threads,
            "ENABLE_CPU_PINNING": False,  # other processes have the cores, too
        }
        core = ov.Core()
        try:
            if self._exported is None:
                compiled = core.compile_model(self._read(core), "CPU", options)
                # Taking it from there costs a third of compiling once more.
                self._exported = compiled.export_model().getvalue()
            else:
                compiled = core.import_model(self._exported, "CPU", options)
        except RuntimeError as error:
            name = "model" if isinstance(self._model, bytes) else self._model.name
            raise ModelCorrupt(f"{name} is not a network OpenVINO can load: {error}") from error
        return OpenVinoSession(compiled, runs=runs)

    def _read(self, core: ov.Core) -> ov.Model:
        model = self._model if isinstance(self._model, bytes) else str(self._model)
        network = core.read_model(model)
        (port,) = network.inputs
        shape = port.partial_shape
        shape[0] = 1
        network.reshape(shape)
        return network


class DetectorProgram:
    """A detector of `optimize_detector`; one whose tail is not known runs whole, in float32."""

    def __init__(self, network: bytes, precision: Precision) -> None:
        """Load nothing yet; arguments are those of `Program`."""
        parts = split_detector(network)
        self._body = Program(parts[0], precision) if parts else Program(network, "float32")
        self._tail = parts[1] if parts else None

    def open(self, *, threads: int, runs: int) -> Session:
        """As of `Program`."""
        body = self._body.open(threads=threads, runs=runs)
        if self._tail is None:
            return body
        return DetectorSession(body, open_session(self._tail, device="cpu", threads=threads))


def _port(port: ov.ConstOutput) -> Port:
    sizes = port.partial_shape
    return Port(port.any_name, [size.get_length() if size.is_static else None for size in sizes])
