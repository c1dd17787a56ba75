"""Settings to a running engine."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PIL import AvifImagePlugin

from app.config import Settings
from app.engine import Engine, LoadObserver
from app.errors import ModelCorrupt, ModelMissing
from app.nz.calibration import GENERIC, Calibration, load_calibration
from app.nz.decoder import PlateDecoder
from app.processors import usable_processors
from app.vision.backends.cuda import COPIES
from app.vision.backends.graph import resizable_side
from app.vision.backends.opening import Loader
from app.vision.backends.runtime import Runtime, choose_runtime
from app.vision.backends.sessions import Session
from app.vision.decision import PlateDecision, load_decision
from app.vision.detection.detector import BORDER, PlateDetector, lower_heights
from app.vision.detection.search import PlateFilter, PlateSearch, SearchLimits
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.recognizer import PlateRecognizer, load_plate_config
from app.weights.resolve import Network, Weights


def build_pipeline(
    settings: Settings,
    weights: Weights,
    *,
    threads: int,
    slices: PlateDetector | None = None,
    loader: Loader | None = None,
) -> PlatePipeline:
    """Load both networks, each run of which spreads over that many threads, and warm them up.

    Args:
        slices: runs the passes of sliced inference side by side, as many as there are threads;
            without it they run one after the other on the pipeline's own detector.
        loader: opened the same networks before; by default a new one, see `build_loader`.

    Raises:
        ModelError: a network cannot be loaded, or not on the device of the settings.
    """
    if weights.ocr.config is None:
        raise ModelCorrupt(f"The OCR {weights.ocr.name} has no plate config.")
    plate_filter = PlateFilter(
        settings.min_aspect_ratio, settings.max_aspect_ratio, settings.small_plate_aspect_ratio
    )
    loader = loader or build_loader(settings)
    decision = None if weights.decision is None else _decision(weights.decision)
    calibration = _calibration(weights.ocr)
    detector = build_detector(settings, weights, threads=threads, loader=loader)
    search = PlateSearch(
        detector,
        slices or detector,
        plate_filter=plate_filter,
        limits=SearchLimits(
            slice_confidence=settings.slice_confidence,
            auto_passes=settings.auto_passes,
            high_passes=settings.high_passes,
            candidates=None if decision is None else decision.floor,
        ),
        spread=map if slices is None else ThreadPoolExecutor(threads, "slice").map,
    )
    recognizer = PlateRecognizer(
        loader.recognizer(weights.ocr.path, threads=threads, runs=_runs(settings, threads)),
        load_plate_config(weights.ocr.config),
        full_batches=settings.device == "cuda",
    )
    decoder = PlateDecoder(
        recognizer.alphabet,
        recognizer.pad_char,
        threshold=max(settings.correction_threshold, calibration.threshold),
        calibration=calibration,
        furthest_issued=settings.furthest_issued,
    )
    pipeline = PlatePipeline(
        search,
        recognizer,
        decoder,
        plate_filter=plate_filter,
        max_pixels=settings.max_pixels,
        enhance_below=settings.enhance_below,
        decision=decision,
    )
    warm_up(pipeline, runs=_copies(loader.runtime, _runs(settings, threads)))
    return pipeline


def _calibration(ocr: Network) -> Calibration:
    try:
        return load_calibration(ocr.calibration or GENERIC)
    except LookupError as error:
        raise ModelMissing(f"{error} Mend ALPR_CALIBRATION.") from error
    except ValueError as error:
        raise ModelCorrupt(str(error)) from error


def _decision(source: str) -> PlateDecision:
    try:
        return load_decision(source)
    except LookupError as error:
        raise ModelMissing(f"{error} Mend ALPR_DECISION.") from error
    except ValueError as error:
        raise ModelCorrupt(str(error)) from error


def build_loader(settings: Settings) -> Loader:
    """What opens networks on the runtime of the settings. Raises BackendUnavailable."""
    return Loader(
        choose_runtime(
            backend=settings.backend, precision=settings.precision, device=settings.device
        )
    )


def build_detector(
    settings: Settings,
    weights: Weights,
    *,
    threads: int,
    loader: Loader | None = None,
) -> PlateDetector:
    """The detector alone; the rest is as for `build_pipeline`."""
    path, loader = weights.detector.path, loader or build_loader(settings)
    side = resizable_side(path) if settings.padding == "tight" else None

    def load(height: int | None) -> Session:
        runs = _runs(settings, threads)
        return loader.detector(path, height=height, threads=threads, runs=runs)

    heights = lower_heights(side) if side else ()
    with ThreadPoolExecutor(usable_processors(settings.processes), "load") as loading:
        square, *lower = loading.map(load, (None, *heights))
    return PlateDetector(square, min_confidence=settings.min_confidence, lower=lower)


def _runs(settings: Settings, threads: int) -> int:
    """Runs side by side of a network: those on one thread are shared by all workers."""
    return settings.workers if threads == 1 else 1


def _copies(runtime: Runtime, runs: int) -> int:
    """Of a network, each of which prepares more in its first run."""
    if runtime.device == "cuda":
        return COPIES
    return runs if runtime.backend == "openvino" else 1


def warm_up(pipeline: PlatePipeline, *, runs: int) -> None:
    """Run all networks, so that the first requests do not pay for their first runs."""
    grey = np.full((720, 1280, 3), 114, np.uint8)
    detector, size = pipeline.detector, pipeline.detector.size
    lower = [int(height - 2 * BORDER * size) for height, _ in detector.lower]
    for _ in range(runs):
        pipeline.read_frame(grey, ReadOptions(min_confidence=1.0, enhance="off"))
        for height in lower:
            detector.detect(np.full((height, size, 3), 114, np.uint8), tight=True)
        pipeline.recognizer.read([grey[:32, :96]])


def build_engine(
    settings: Settings, weights: Weights, observe: LoadObserver = lambda queued, running: None
) -> Engine:
    """Load the networks for both ways of running. Raises ModelError.

    OpenCV and Pillow's AVIF decoder are told to stay on the calling thread, for the whole process:
    one picture a thread is the parallelism there is, and theirs would only compete with it.
    """
    cv2.setNumThreads(1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    loader = build_loader(settings)
    together = build_pipeline(settings, weights, threads=1, loader=loader)
    threads = min(settings.workers, usable_processors(settings.processes))
    alone = together
    if settings.device == "cpu" and threads > 1:
        alone = build_pipeline(
            settings, weights, threads=threads, slices=together.detector, loader=loader
        )
    return Engine(alone, together, workers=settings.workers, observe=observe)
