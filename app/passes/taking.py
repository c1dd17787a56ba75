"""Passes out of what was read: of videos, cameras, and single pictures."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import cv2
import numpy as np

from app.nz.decoder import PlateDecoder
from app.nz.evidence import pool
from app.passes.records import NewPass, PassMoment, PassSource, Turn, camera_name
from app.video.fusion import FLOOR, Look, look_weights, weighed_crops
from app.video.passes import Pass
from app.vision.images.crops import plate_jpeg
from app.vision.types import Box, Frame, FrameResult, Plate

FRAME_QUALITY = 85


def pass_of_video(
    passing: Pass,
    *,
    source: PassSource,
    camera: str | None,
    first_seen: datetime,
    last_seen: datetime,
    request_id: str | None = None,
    event: PassMoment = "end",
    turn: Turn | None = None,
) -> NewPass:
    """A pass that is over, with its best frame encoded; or one that lasts, without pictures."""
    over = event == "end"
    reading, best = passing.reading, passing.best
    evidence, floor = _pooled(passing.looks)
    return NewPass(
        source=source,
        camera=camera_name(camera),
        at=first_seen,
        last_at=last_seen,
        plate=reading.plate,
        confidence=reading.confidence,
        format=reading.validation.format,
        candidates=reading.candidates,
        texts={text: times / max(reading.reads, 1) for text, times in reading.raw_reads.items()},
        small_plate=_mostly_small(passing.looks),
        evidence=evidence,
        floor=floor,
        crop=plate_jpeg(best.picture, best.box) if over else None,
        frame=_jpeg(best.picture) if over else None,
        id=passing.id,
        event=event,
        turn=turn,
        detail={
            "validation": asdict(reading.validation),
            "frames": passing.frames,
            "reads": reading.reads,
            "agreeing": reading.agreeing,
            "raw_reads": reading.raw_reads,
            "direction": asdict(passing.direction),
            "bbox": _box(best.box),
            "detection_confidence": round(best.plate.detection.confidence, 4),
            "request_id": request_id,
        },
    )


def passes_of_picture(
    result: FrameResult,
    data: bytes,
    decoder: PlateDecoder,
    *,
    camera: str,
    at: datetime,
    request_id: str,
) -> Iterator[NewPass]:
    """A pass of one frame for each plate that was read; `data` is the picture as it came.

    The plates must have their pictures.
    """
    for plate in result.plates:
        text = plate.reading.corrected_plate or plate.characters.text
        if not text:
            continue
        evidence = None
        if not plate.cut:
            evidence = decoder.evidence(plate.looks.decoded.probabilities).to_bytes()
        validation = decoder.validate(text) if plate.reading.correction else None
        validation = validation or plate.reading.validation
        yield NewPass(
            source="picture",
            camera=camera_name(camera),
            at=at,
            last_at=at,
            plate=text,
            confidence=_probability(plate, text),
            format=validation.format,
            candidates=plate.reading.candidates,
            texts={plate.characters.text: 1.0} if plate.characters.text else {},
            evidence=evidence,
            crop=plate.picture,
            frame=data,
            detail={
                "validation": asdict(validation),
                "frames": 1,
                "reads": 1,
                "agreeing": int(text == plate.characters.text),
                "raw_reads": {plate.characters.text: 1},
                "direction": None,
                "bbox": _box(plate.detection.box),
                "detection_confidence": round(plate.detection.confidence, 4),
                "request_id": request_id,
            },
        )


def _probability(plate: Plate, text: str) -> float:
    """Of a text: as a plate of New Zealand, or where it is none, as its characters were read."""
    for candidate in plate.reading.candidates:
        if candidate.plate == text:
            return candidate.probability
    return plate.characters.confidence


def _pooled(looks: tuple[Look, ...]) -> tuple[bytes | None, float]:
    """All looks as one, weighted as for the reading, and how low they let a text fall."""
    if not looks:
        return None, -np.inf
    weights = look_weights(looks)
    crops = weighed_crops(looks, weights)
    together, _ = pool([crop for crop, _ in crops], [weight for _, weight in crops])
    return together.to_bytes(), FLOOR * float(weights.sum())


def _mostly_small(looks: tuple[Look, ...]) -> bool:
    return sum(look.small_plate for look in looks) * 2 > len(looks)


def _box(box: Box) -> dict[str, Any]:
    return {"x": box.x1, "y": box.y1, "width": box.width, "height": box.height}


def _jpeg(frame: Frame) -> bytes:
    done, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, FRAME_QUALITY])
    assert done, "an 8-bit picture with pixels can be written"
    return data.tobytes()
