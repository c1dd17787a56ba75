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
from app.vision.backends.graph import optimize_detector, takes_other_heights
from app.vision.backends.sessions import Session, open_session
from app.vision.detector import BORDER, PlateDetector, lower_heights
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.recognizer import PlateRecognizer, load_plate_config
from app.vision.search import PlateFilter, PlateSearch, SearchLimits
from app.weights.resolve import Network, Weights


def build_pipeline(
    settings: Settings, weights: Weights, *, threads: int, slices: PlateDetector | None = None
) -> PlatePipeline:
    """Load both networks, each run of which spreads over that many threads, and warm them up.

    Args:
        slices: runs the passes of sliced inference side by side, as many as there are threads;
            without it they run one after the other on the pipeline's own detector.

    Raises:
        ModelError: a network cannot be loaded, or not on the device of the settings.
    """
    if weights.ocr.config is None:
        raise ModelCorrupt(f"The OCR {weights.ocr.name} has no plate config.")
    plate_filter = PlateFilter(
        settings.min_aspect_ratio, settings.max_aspect_ratio, settings.small_plate_aspect_ratio
    )
    detector = build_detector(settings, weights, threads=threads)
    search = PlateSearch(
        detector,
        slices or detector,
        plate_filter=plate_filter,
        limits=SearchLimits(
            slice_confidence=settings.slice_confidence,
            auto_passes=settings.auto_passes,
            high_passes=settings.high_passes,
        ),
        spread=map if slices is None else ThreadPoolExecutor(threads, "slice").map,
    )
    recognizer = PlateRecognizer(
        open_session(weights.ocr.path, device=settings.device, threads=threads),
        load_plate_config(weights.ocr.config),
        full_batches=settings.device == "cuda",
    )
    calibration = _calibration(weights.ocr)
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
    )
    warm_up(pipeline, runs=COPIES if settings.device == "cuda" else 1)
    return pipeline


def _calibration(ocr: Network) -> Calibration:
    try:
        return load_calibration(ocr.calibration or GENERIC)
    except LookupError as error:
        raise ModelMissing(f"{error} Mend ALPR_CALIBRATION.") from error
    except ValueError as error:
        raise ModelCorrupt(str(error)) from error


def build_detector(settings: Settings, weights: Weights, *, threads: int) -> PlateDetector:
    """The detector alone. Raises ModelError."""
    path = weights.detector.path

    def load(height: int | None = None) -> Session:
        network = optimize_detector(path, height=height, steady=settings.device == "cuda")
        return open_session(network, device=settings.device, threads=threads)

    square = load()
    heights = lower_heights(square.get_inputs()[0].shape[-1])
    tight = settings.padding == "tight" and takes_other_heights(path)
    return PlateDetector(
        square,
        min_confidence=settings.min_confidence,
        lower=[load(height) for height in heights] if tight else (),
    )


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
    together = build_pipeline(settings, weights, threads=1)
    threads = min(settings.workers, usable_processors(settings.processes))
    alone = together
    if settings.device == "cpu" and threads > 1:
        alone = build_pipeline(settings, weights, threads=threads, slices=together.detector)
    return Engine(alone, together, workers=settings.workers, observe=observe)
