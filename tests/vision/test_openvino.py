"""OpenVINO finds and reads what ONNX Runtime does."""

import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from app.building import build_pipeline
from app.config import Settings
from app.errors import BackendUnavailable, ModelCorrupt
from app.vision.backends import openvino
from app.vision.backends.graph import optimize_detector
from app.vision.backends.opening import Loader
from app.vision.backends.parts import split_detector
from app.vision.backends.runtime import Precision, Runtime, choose_runtime, has_bfloat16
from app.vision.backends.sessions import Session, open_session
from app.vision.detection.detector import PlateDetector
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.recognizer import PlateRecognizer, load_plate_config
from app.vision.types import Frame
from app.weights.resolve import resolve_weights
from tests.conftest import REPOSITORY, SHARED_WEIGHTS

if platform.machine() not in ("x86_64", "AMD64"):
    pytest.skip("requirements.txt has OpenVINO for x86 only", allow_module_level=True)

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16") if has_bfloat16() else ("float32",)


@pytest.fixture(scope="module", params=["own", "hub"])
def model(request: pytest.FixtureRequest) -> Path:
    if request.param == "own":
        return resolve_weights(Settings()).detector.path
    shared: Path = request.getfixturevalue("shared")
    return shared / "models" / SHARED_WEIGHTS["ALPR_DETECTOR_PATH"]


@pytest.fixture(scope="module")
def exact(model: Path) -> Session:
    """A detector on ONNX Runtime."""
    return open_session(optimize_detector(model), device="cpu", threads=1)


@pytest.fixture(scope="module")
def program(model: Path) -> openvino.DetectorProgram:
    """The same for OpenVINO."""
    return openvino.DetectorProgram(optimize_detector(model), "float32")


@pytest.fixture(scope="module")
def session(program: openvino.DetectorProgram) -> Session:
    return program.open(threads=1, runs=2)


@pytest.fixture(scope="module")
def photos(shared: Path) -> list[Frame]:
    files = sorted((shared / "data" / "photos").glob("openalpr-*.jpg"))[::24]
    frames = [cv2.imread(str(file)) for file in files]
    return [frame.astype(np.uint8) for frame in frames if frame is not None]


@pytest.fixture(scope="module")
def on_openvino(settings: Settings) -> PlatePipeline:
    changed = settings.model_copy(update={"backend": "openvino", "padding": "square"})
    return build_pipeline(changed, resolve_weights(changed), threads=1)


def _detector(session: Session) -> PlateDetector:
    return PlateDetector(session, min_confidence=0.4)


def test_the_parts_of_a_detector_answer_as_the_whole(
    model: Path, exact: Session, photos: list[Frame]
) -> None:
    parts = split_detector(optimize_detector(model))
    assert parts is not None
    body, tail = (open_session(part, device="cpu", threads=1) for part in parts)
    rows, *pictures = (port.name for port in tail.get_inputs())
    for frame in photos[:4]:
        inputs = {exact.get_inputs()[0].name: _detector(exact).to_input(frame)[0]}
        given = {name: inputs[name] for name in pictures}
        (found,) = tail.run(None, {rows: body.run(None, inputs)[0], **given})
        np.testing.assert_allclose(found, exact.run(None, inputs)[0], atol=1e-3)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_finds_the_same_plates(
    model: Path, exact: Session, photos: list[Frame], precision: Precision
) -> None:
    program = openvino.DetectorProgram(optimize_detector(model), precision)
    before, after = _detector(exact), _detector(program.open(threads=2, runs=1))
    assert after.session.runtime == Runtime("openvino", "cpu", precision)
    overlaps = []
    for frame in photos:
        seen = after.detect(frame, 0.3)
        for expected in before.detect(frame):
            best = max(seen, key=lambda other: other.box.iou(expected.box))
            overlaps.append(best.box.iou(expected.box))
            assert best.confidence == pytest.approx(expected.confidence, abs=0.05)
    assert len(overlaps) >= 10
    assert np.median(overlaps) >= 0.98
    assert min(overlaps) >= 0.9  # boxes are whole pixels: one is much of a small plate


def test_float32_answers_as_onnx_runtime(
    exact: Session, session: Session, photos: list[Frame]
) -> None:
    assert [port.name for port in session.get_outputs()] == ["output0"]
    (port,) = session.get_inputs()
    assert port.shape == [1, 3, port.shape[2], port.shape[2]]
    for frame in photos[:4]:
        inputs = {port.name: _detector(exact).to_input(frame)[0]}
        (expected,), (found,) = exact.run(None, inputs), session.run(["output0"], inputs)
        likely = expected[expected[:, 6] > 0.01]
        np.testing.assert_allclose(found[: len(likely)], likely, atol=0.01)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_reads_the_same_characters(
    settings: Settings, pipeline: PlatePipeline, photos: list[Frame], precision: Precision
) -> None:
    weights = resolve_weights(settings).ocr
    assert weights.config is not None
    config = load_plate_config(weights.config)
    exact = PlateRecognizer(open_session(weights.path, device="cpu", threads=1), config)
    program = openvino.Program(weights.path, precision)
    other = PlateRecognizer(program.open(threads=1, runs=1), config)
    crops = [
        found.box.clipped(frame.shape[1], frame.shape[0]).crop(frame)
        for frame in photos
        for found in pipeline.detector.detect(frame)
    ]
    assert len(crops) >= 10
    different = 0
    for expected, read in zip(exact.read(crops), other.read(crops), strict=True):
        assert expected.text
        different += read.text != expected.text
        tolerance = 1e-4 if precision == "float32" else 0.2
        np.testing.assert_allclose(read.probabilities, expected.probabilities, atol=tolerance)
    assert different <= (0 if precision == "float32" else 1)


def test_threads_share_a_session(session: Session, photos: list[Frame]) -> None:
    """More threads than runs, each of which gets the answer to its own picture."""
    detector = _detector(session)
    expected = [detector.detect(frame) for frame in photos]
    assert len({str(found) for found in expected}) > 8
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(detector.detect, photos)) == expected


def test_further_sessions_of_a_program_answer_the_same(
    program: openvino.DetectorProgram, session: Session, photos: list[Frame]
) -> None:
    spread = _detector(program.open(threads=2, runs=1))
    for frame in photos[:2]:
        assert spread.detect(frame) == _detector(session).detect(frame)


@pytest.mark.skipif(has_bfloat16(), reason="this processor has bfloat16 arithmetic")
def test_says_that_it_runs_in_float32(settings: Settings) -> None:
    ocr = resolve_weights(settings).ocr.path
    session = openvino.Program(ocr, "bfloat16").open(threads=1, runs=1)
    assert session.runtime.precision == "float32"


def test_a_detector_of_another_form_runs_whole(settings: Settings) -> None:
    ocr = resolve_weights(settings).ocr.path
    session = openvino.DetectorProgram(ocr.read_bytes(), "bfloat16").open(threads=1, runs=1)
    assert session.runtime.precision == "float32"
    exact = open_session(ocr, device="cpu", threads=1)
    (port,) = exact.get_inputs()
    crops = np.random.default_rng(2).integers(0, 256, (1, *port.shape[1:]), np.uint8)
    for found, expected in zip(
        session.run(None, {port.name: crops}), exact.run(None, {port.name: crops}), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_pipelines_read_the_same(
    pipeline: PlatePipeline, on_openvino: PlatePipeline, photos: list[Frame]
) -> None:
    options = ReadOptions(min_confidence=0.4, enhance="off")
    read = 0
    for frame in photos[::2]:
        expected, other = (
            pipeline.read_frame(frame, options),
            on_openvino.read_frame(frame, options),
        )
        texts = [plate.characters.text for plate in expected.plates]
        assert [plate.characters.text for plate in other.plates] == texts
        read += len(texts)
    assert read >= 5


def test_no_network() -> None:
    with pytest.raises(ModelCorrupt, match="OpenVINO"):
        openvino.Program(b"not a network", "float32").open(threads=1, runs=1)


def test_a_network_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match=r"nowhere\.onnx"):
        openvino.Program(tmp_path / "nowhere.onnx", "float32").open(threads=1, runs=1)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "app.vision.backends.openvino", None)
    monkeypatch.delattr("app.vision.backends.openvino")
    with pytest.raises(BackendUnavailable, match="ALPR_BACKEND=onnxruntime"):
        Loader(Runtime("openvino"))


def test_it_is_for_the_cpu() -> None:
    with pytest.raises(ValidationError, match="ALPR_BACKEND"):
        Settings(backend="openvino", device="cuda")


@pytest.mark.parametrize(
    ("flags", "settings", "expected"),
    [
        ("avx2 avx512_bf16", {"precision": "fast"}, Runtime("openvino", "cpu", "bfloat16")),
        ("avx2 amx_bf16", {"precision": "fast"}, Runtime("openvino", "cpu", "bfloat16")),
        ("avx2 avx512f", {"precision": "fast"}, Runtime()),
        ("avx2", {"precision": "fast", "backend": "openvino"}, Runtime("openvino")),
        ("avx512_bf16", {"precision": "exact"}, Runtime()),
        ("avx512_bf16", {"precision": "exact", "backend": "openvino"}, Runtime("openvino")),
        ("avx512_bf16", {"precision": "fast", "backend": "onnxruntime"}, Runtime()),
        ("avx512_bf16", {"precision": "fast", "device": "cuda"}, Runtime(device="cuda")),
    ],
)
def test_what_settings_mean_on_a_processor(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: str,
    settings: dict[str, Any],
    expected: Runtime,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(
        f"processor\t: 0\nflags\t\t: fpu {flags} sse\nbugs\t\t: avx512_bf16 amx_bf16\n"
    )
    assert choose_runtime(**settings, root=tmp_path) == expected


def test_a_system_that_tells_no_flags(tmp_path: Path) -> None:
    assert choose_runtime(precision="fast", root=tmp_path) == Runtime()


def test_it_tells_nobody_that_it_runs(tmp_path: Path) -> None:
    """As imported by others, OpenVINO reports to its maker and leaves files in the home folder."""
    script = (
        "import sys\n"
        "from app.building import build_loader\n"
        "from app.config import Settings\n"
        "build_loader(Settings())\n"
        "print('openvino' in sys.modules, bool(sys.modules.get('openvino_telemetry')))\n"
    )
    for backend, expected in (("openvino", "True False"), ("onnxruntime", "False False")):
        finished = subprocess.run(
            [sys.executable, "-c", script],
            cwd=REPOSITORY,
            env={**os.environ, "ALPR_BACKEND": backend, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert finished.stdout.strip() == expected
        assert finished.stderr == ""
    assert not list(tmp_path.iterdir())
