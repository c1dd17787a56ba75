"""Probes, metrics and the index."""

import time
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response, Security
from fastapi.responses import PlainTextResponse
from fastapi.security import APIKeyHeader
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from app import __version__
from app.api.auth import KEY_HEADER
from app.api.errors import documented
from app.api.schemas.cameras import CameraStateBody, state_elsewhere
from app.api.service import Service, get_service
from app.vision.backends.runtime import Backend, Device, Precision

Shared = Annotated[Service, Depends(get_service)]

router = APIRouter(tags=["status"])


class NetworkBody(BaseModel):
    """A network in use: where it came from and what it really runs on."""

    name: str
    source: Literal["path", "hub", "own"]
    provider: str
    backend: Backend
    device: Device
    precision: Precision


class OcrBody(NetworkBody):
    """With what it is read with: the calibration, and the posterior that a correction needs."""

    calibration: str
    correction_threshold: float


class HealthBody(BaseModel):
    status: Literal["healthy", "stuck", "draining"]
    model: Literal["loaded"] = "loaded"
    detector: NetworkBody
    ocr: OcrBody
    version: str
    uptime_seconds: float
    running: int
    queued: int
    stuck: int
    cameras: list[CameraStateBody]


class ProbeBody(BaseModel):
    status: Literal["alive", "ready"]


class IndexBody(BaseModel):
    service: str = "NZ ALPR"
    version: str = __version__
    endpoints: dict[str, str]


def index() -> IndexBody:
    """What there is, for programs; browsers get the console at the same place."""
    return IndexBody(
        endpoints={
            "POST /predict/file": "read an uploaded picture",
            "POST /predict/url": "fetch a picture and read it",
            "POST /predict/batch": "read many uploaded pictures",
            "POST /redact": "give a picture back with every plate covered",
            "POST /v1/plate-reader/": "Plate Recognizer's API",
            "POST /v1/vision/alpr": "CodeProject.AI's API",
            "GET /cameras": "cameras and how they are doing",
            "GET /passes/stream": "passes of cameras as they happen",
            "GET /health": "health, models and load",
            "GET /health/live": "liveness probe",
            "GET /health/ready": "readiness probe",
            "GET /metrics": "Prometheus metrics",
            "GET /settings": "settings that are not secret",
            "GET /docs": "API documentation",
        }
    )


@router.get("/health", summary="Health, models and load")
async def health(service: Shared) -> HealthBody:
    runtimes, weights = service.runtimes, service.weights
    decoder = service.engine.pipeline.decoder
    stuck = service.stuck
    status: Literal["healthy", "stuck", "draining"] = "healthy"
    if service.draining:
        status = "draining"
    elif stuck >= service.engine.workers:
        status = "stuck"
    return HealthBody(
        status=status,
        detector=NetworkBody(
            name=weights.detector.name,
            source=weights.detector.source,
            provider=runtimes["detector"].provider,
            **asdict(runtimes["detector"]),
        ),
        ocr=OcrBody(
            name=weights.ocr.name,
            source=weights.ocr.source,
            provider=runtimes["ocr"].provider,
            **asdict(runtimes["ocr"]),
            calibration=decoder.calibration.ocr,
            correction_threshold=decoder.threshold,
        ),
        version=__version__,
        uptime_seconds=round(time.monotonic() - service.started, 3),
        running=service.engine.running,
        queued=service.engine.queued,
        stuck=stuck,
        cameras=_cameras(service),
    )


def _cameras(service: Service) -> list[CameraStateBody]:
    found = [
        CameraStateBody(name=camera.plan.name, state=camera.state)
        for camera in service.supervisor.cameras
    ]
    if service.shared_cameras is not None:
        found += [
            CameraStateBody(name=other.plan.name, state=state_elsewhere(other.owner))
            for other in service.shared_cameras.elsewhere
        ]
    return sorted(found, key=lambda camera: camera.name)


@router.get("/health/live", summary="Liveness probe")
async def live() -> ProbeBody:
    return ProbeBody(status="alive")


@router.get("/health/ready", summary="Readiness probe", responses=documented(503))
async def ready(service: Shared) -> ProbeBody:
    service.check_ready()
    return ProbeBody(status="ready")


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=PlainTextResponse,
    responses=documented(401),
)
async def metrics(
    service: Shared,
    key: Annotated[str | None, Security(APIKeyHeader(name=KEY_HEADER, auto_error=False))],
) -> Response:
    if service.settings.metrics_auth == "on":
        service.keys.check(key)
    service.metrics.stuck.set(service.stuck)
    return Response(service.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
