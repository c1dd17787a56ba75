"""On CUDA: the answers of the CPU, also side by side, and no start where CUDA does not work.

`pytest -m gpu` on a machine with a card and the packages of requirements-gpu.txt.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import onnx
import onnxruntime as ort
import pytest

from app.building import build_engine
from app.config import Settings
from app.engine import Engine
from app.errors import DeviceUnavailable, ModelCorrupt
from app.lab.benchmark.agreement import agreement
from app.vision.backends.cuda import PROVIDER, SessionPool, require_cuda
from app.vision.backends.sessions import open_session
from app.vision.detection.search import Detail
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.weights.resolve import resolve_weights
from tests.conftest import REPOSITORY

SAME_IOU = 0.9
"""Coordinates are whole pixels: one pixel of a small plate."""
SAME_CONFIDENCE = 0.001
"""Seen: 0.00001; with TensorFloat-32 above 0.001."""


@pytest.fixture(scope="module")
def cuda() -> None:
    """Skip without the CUDA build; with it, a CUDA that does not work fails the tests."""
    if PROVIDER not in ort.get_available_providers():
        pytest.skip("no CUDA here: this onnxruntime is the build for the CPU")
    require_cuda()


@pytest.fixture(scope="module", params=["own", "hub"])
def engines(
    request: pytest.FixtureRequest, cuda: None, settings: Settings
) -> Iterator[tuple[PlatePipeline, Engine]]:
    """The pipeline on the CPU, and an engine of sixteen threads on CUDA, over the same weights."""
    chosen = settings if request.param == "own" else request.getfixturevalue("hub_settings")
    weights = resolve_weights(chosen)
    on_cuda = chosen.model_copy(update={"device": "cuda", "workers": 16})
    with (
        closing(build_engine(chosen, weights)) as cpu,
        closing(build_engine(on_cuda, weights)) as gpu,
    ):
        yield cpu.pipeline, gpu


@pytest.fixture(scope="module")
def photos(shared: Path) -> list[bytes]:
    found = sorted((shared / "data" / "photos").glob("openalpr-eu-*.jpg"))
    return [path.read_bytes() for path in found[::3]]


@pytest.mark.gpu
@pytest.mark.parametrize("detail", ["low", "auto"])
def test_answers_are_those_of_the_cpu(
    engines: tuple[PlatePipeline, Engine], photos: list[bytes], detail: Detail
) -> None:
    cpu, gpu = engines
    options = ReadOptions(min_confidence=0.4, enhance="off", detail=detail)
    compared = agreement(
        (cpu.read_bytes(photo, options), gpu.pipeline.read_bytes(photo, options))
        for photo in photos
    )
    assert compared.plates >= len(photos) // 2
    assert compared.other_texts == 0
    assert compared.least_iou >= SAME_IOU
    assert compared.detection_difference <= SAME_CONFIDENCE
    assert compared.character_difference <= SAME_CONFIDENCE


@pytest.mark.gpu
def test_pictures_side_by_side_do_not_mix(
    engines: tuple[PlatePipeline, Engine], photos: list[bytes]
) -> None:
    _, gpu = engines
    options = ReadOptions(min_confidence=0.4, enhance="off", detail="auto")
    alone = [gpu.pipeline.read_bytes(photo, options) for photo in photos]
    together = [gpu.submit(photo, options) for photo in photos for _ in range(4)]
    compared = agreement(
        (alone[number // 4], future.result()) for number, future in enumerate(together)
    )
    assert compared.other_texts == 0
    assert compared.least_iou >= SAME_IOU
    assert compared.character_difference <= SAME_CONFIDENCE


@pytest.mark.gpu
@pytest.mark.usefixtures("cuda")
def test_does_not_start_where_no_card_is_visible(weights_environment: dict[str, str]) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=REPOSITORY,
        env={
            **os.environ,
            **weights_environment,
            "ALPR_DEVICE": "cuda",
            "ALPR_PORT": "0",
            "CUDA_VISIBLE_DEVICES": "",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode > 0
    assert "CUDA does not work here" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.gpu
@pytest.mark.usefixtures("cuda")
def test_damaged_network_is_not_taken_for_a_missing_device() -> None:
    with pytest.raises(ModelCorrupt):
        open_session(b"not a network", device="cuda", threads=1)


def test_cuda_that_fails_is_not_taken_for_a_damaged_network(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A CUDA build without a card offers the provider and fails when a session is made."""

    def fail(*arguments: object, **options: object) -> None:
        assert options["enable_fallback"] == 0
        raise RuntimeError("CUDA failure 100: no CUDA-capable device is detected")

    monkeypatch.setattr(ort, "get_available_providers", lambda: [PROVIDER])
    monkeypatch.setattr(ort, "InferenceSession", fail)
    detector = resolve_weights(settings).detector.path
    with pytest.raises(DeviceUnavailable, match="no CUDA-capable device"):
        open_session(detector, device="cuda", threads=1)


def test_cuda_that_quietly_did_not_load_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime only warns where its CUDA library cannot be loaded, and goes on on the CPU."""
    real = ort.InferenceSession

    def on_cpu(model: bytes, options: ort.SessionOptions, **_: object) -> ort.InferenceSession:
        onnx.checker.check_model(onnx.load_from_string(model))
        return real(model, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(ort, "get_available_providers", lambda: [PROVIDER])
    monkeypatch.setattr(ort, "InferenceSession", on_cpu)
    with pytest.raises(DeviceUnavailable, match="did not load"):
        require_cuda()


class Exclusive:
    """A session that notices a second run while it has not ended the first."""

    def __init__(self) -> None:
        self.runs = 0
        self._busy = threading.Lock()

    def run(self, names: None, inputs: dict[str, int]) -> list[int]:
        assert self._busy.acquire(blocking=False), "two runs at a time"
        try:
            time.sleep(0)  # lets the other threads in
            self.runs += 1
            return [1 // inputs["x"]]
        finally:
            self._busy.release()


def test_each_copy_runs_one_input_at_a_time() -> None:
    copies = [Exclusive(), Exclusive()]
    pool = SessionPool(copies)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: pool.run(None, {"x": number}), [1] * 400))
    assert answers == [[1]] * 400
    assert sum(copy.runs for copy in copies) == 400


def test_copies_take_turns_so_that_as_many_runs_warm_them_all_up() -> None:
    copies = [Exclusive() for _ in range(3)]
    pool = SessionPool(copies)
    for _ in range(3):
        pool.run(None, {"x": 1})
    assert [copy.runs for copy in copies] == [1, 1, 1]


def test_a_failed_run_gives_its_copy_back() -> None:
    pool = SessionPool([Exclusive()])
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            pool.run(None, {"x": 0})
    assert pool.run(None, {"x": 1}) == [1]
