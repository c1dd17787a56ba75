"""What is sent to a webhook: our own form, and those of other services.

Sources: Standard Webhooks (`type`, `timestamp`, `data`); Plate Recognizer's guides to Stream's
webhooks; the route `/api/plate-reads` of ALPR-Database.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import FormData

from app.passes.notify.announcing import iso
from app.passes.notify.ledger import Message
from app.passes.notify.targets import Form
from app.passes.store.pictures import MEDIA_TYPES, Picture
from app.passes.store.tables import moment

PICTURED: Final[tuple[Form, ...]] = ("platerecognizer-multipart", "alpr-database")
"""Forms that take a picture along, where there is one."""

_NO_BOX: Final = {"xmin": 0, "ymin": 0, "xmax": 0, "ymax": 0}


@dataclass(frozen=True, slots=True)
class Body:
    """A body: its text, or the parts of a form."""

    text: str | None = None
    parts: Callable[[], FormData] | None = None
    content_type: str = "application/json"


def body_of(form: Form, message: Message, picture: Picture | None) -> Body:
    """Of passes in the target's form; of all else, which other services do not know, in ours."""
    if form == "relay":
        return Body(content_type="")
    if form == "native" or not (message.is_pass or message.is_test):
        return Body(native(message))
    if form == "alpr-database":
        return Body(_dumped(alpr_database(message, picture)))
    text = _dumped(stream(message))
    if form == "platerecognizer" or picture is None:
        return Body(text)
    shown = picture

    def parts() -> FormData:
        data = FormData()
        data.add_field("json", text)
        name, kind = f"frame.{shown.suffix}", MEDIA_TYPES[shown.suffix]
        data.add_field("upload", shown.data, filename=name, content_type=kind)
        return data

    return Body(parts=parts)


def accepted(form: Form, status: int) -> bool:
    """Whether a status says that the message is where it should be."""
    if form == "alpr-database" and status == HTTPStatus.CONFLICT:
        return True  # it has that read already, as after an answer that was lost, or ignores it
    return 200 <= status < 300


def native(message: Message) -> str:
    return _dumped(
        {
            "type": message.kind,
            "timestamp": iso(moment(message.created)),
            "data": message.payload,
        }
    )


def stream(message: Message) -> dict[str, Any]:
    """As Stream of Plate Recognizer tells of a vehicle."""
    seen = message.payload
    camera, at = seen["camera"] or "", seen["at"]
    box, direction = seen["bbox"], seen["direction"] or {}
    region = (seen["validation"] or {}).get("format")
    return {
        "hook": {"target": message.target, "id": camera, "event": "recognition"},
        "data": {
            "camera_id": camera,
            "timestamp": at,
            "timestamp_local": at,
            "timestamp_camera": at,
            "results": [
                {
                    "plate": seen["plate"].lower(),
                    "score": round(seen["confidence"], 3),
                    "dscore": round(seen["detection_confidence"], 3),
                    "box": _NO_BOX if box is None else _corners(box),
                    "candidates": [
                        {"plate": each["plate"].lower(), "score": round(each["probability"], 3)}
                        for each in seen["candidates"]
                    ],
                    "region": {"code": "nz", "score": round(seen["confidence"], 3) * bool(region)},
                    "vehicle": {"type": "", "score": 0.0, "box": _NO_BOX},
                    "model_make": [],
                    "color": [],
                    "orientation": [],
                    "direction": direction.get("degrees"),
                    "source_url": "",
                    "position_sec": 0.0,
                }
            ],
        },
    }


def alpr_database(message: Message, picture: Picture | None) -> dict[str, Any]:
    seen = message.payload
    corners = _NO_BOX if seen["bbox"] is None else _corners(seen["bbox"])
    prediction = {
        "plate": seen["plate"],
        "confidence": seen["confidence"],
        **{f"{name[0]}_{name[1:]}": value for name, value in corners.items()},
    }
    return {
        "ai_dump": [{"api": "alpr", "found": {"success": True, "predictions": [prediction]}}],
        "camera": seen["camera"],
        "timestamp": seen["at"],
        **({} if picture is None else {"Image": base64.b64encode(picture.data).decode()}),
    }


def _corners(box: dict[str, int]) -> dict[str, int]:
    x, y = box["x"], box["y"]
    return {"xmin": x, "ymin": y, "xmax": x + box["width"], "ymax": y + box["height"]}


def _dumped(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))
