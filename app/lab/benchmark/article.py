"""The baseline: a server that behaves as the article's "Complete FastAPI Implementation".

Every picture is read on the event loop with fast-alpr's defaults, one plate crop after the other,
logging each result. Adapted only to the fast-alpr of today (boxes, confidence lists, local files).
"""

import logging
import os
from typing import Annotated, Any

import cv2
import numpy as np
import onnxruntime as ort
from fast_alpr import ALPR
from fast_alpr.base import BaseDetector
from fastapi import Depends, FastAPI, File, Header, HTTPException, UploadFile
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from numpy.typing import NDArray
from open_image_models.detection.core.base import DetectionResult
from open_image_models.detection.core.yolo_v9.inference import YoloV9Detector

from app.nz.validation import validate

DETECTOR = "ARTICLE_DETECTOR"
OCR = "ARTICLE_OCR"
OCR_CONFIG = "ARTICLE_OCR_CONFIG"
API_KEY = "benchmark"

logger = logging.getLogger(__name__)


class LocalDetector(BaseDetector):
    """fast-alpr's default detector, but from a file."""

    def __init__(self, path: str, options: ort.SessionOptions | None = None) -> None:
        self._detector = YoloV9Detector(
            path, ("License Plate",), conf_thresh=0.4, sess_options=options
        )

    def predict(self, frame: NDArray[np.uint8]) -> list[DetectionResult]:
        return self._detector.predict(frame)


def create_app() -> FastAPI:
    logging.basicConfig(level=logging.INFO)
    app = FastAPI(title="Article baseline")
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]
    )
    alpr = ALPR(
        detector=LocalDetector(os.environ[DETECTOR]),
        ocr_model_path=os.environ[OCR],
        ocr_config_path=os.environ[OCR_CONFIG],
    )

    async def verify_key(x_api_key: Annotated[str, Header()]) -> None:
        if x_api_key != API_KEY:
            raise HTTPException(401, "Unauthorized")

    @app.post("/predict/file", dependencies=[Depends(verify_key)])
    async def predict_file(file: Annotated[UploadFile, File()]) -> JSONResponse:
        logger.info("file received")
        frame = cv2.imdecode(np.frombuffer(await file.read(), np.uint8), cv2.IMREAD_COLOR)
        if frame is None:
            raise HTTPException(400, "Invalid image data")
        result = _read(alpr, frame)
        logger.info("result: %s", result)
        return JSONResponse(result)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "healthy", "model": "loaded"}

    return app


def _read(alpr: ALPR, frame: Any) -> dict[str, Any]:
    found = alpr.predict(frame)
    if not found:
        return {"plate": None, "confidence": 0.0}
    best = max(found, key=lambda result: result.detection.confidence)
    if best.ocr is None:
        return {"plate": None, "confidence": round(best.detection.confidence, 2)}
    confidences = best.ocr.confidence
    mean = float(np.mean(confidences))
    validation = validate(best.ocr.text)
    return {
        "plate": best.ocr.text,
        "confidence": round(mean, 2),
        "validation": {"valid": validation.valid, "format": validation.format},
    }
