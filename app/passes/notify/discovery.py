"""MQTT topics, and what Home Assistant finds its entities by.

Sources: Home Assistant's integrations `mqtt`, `event.mqtt` and `sensor.mqtt`; Frigate's MQTT topic
`tracked_object_update`.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final

from app import __version__
from app.passes.notify.ledger import Message

ONLINE: Final = "online"
OFFLINE: Final = "offline"
EVENT_TYPES: Final = ("new", "update", "end")
_DEVICE: Final = "nz_alpr"
_NO_CAMERA: Final = "video"


@dataclass(frozen=True, slots=True)
class Publication:
    topic: str
    payload: str
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Topics:
    """`base/status`, `base/CAMERA/event` and `base/CAMERA/plate`; `base/gate` and `base/test` for
    what is no pass."""

    base: str
    discovery: str
    frigate: str

    @property
    def status(self) -> str:
        """Whether the service is there; the broker says when it is not any more."""
        return f"{self.base}/status"

    @property
    def birth(self) -> str | None:
        """Where Home Assistant says that it has started, and wants to find its entities again."""
        return f"{self.discovery}/status" if self.discovery else None

    def entities(self, camera: str) -> list[Publication]:
        """The entities of a camera: an event for each pass, and a sensor with the last plate."""
        if not self.discovery:
            return []
        level = level_of(camera)
        unique = f"{_DEVICE}_{hashlib.sha256(self.base.encode()).hexdigest()[:6]}_{level}"
        shared = {
            "availability_topic": self.status,
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "qos": 1,
            "device": {
                "identifiers": [unique],
                "name": f"NZ ALPR {camera}",
                "manufacturer": "NZ ALPR",
                "model": "Number-plate camera",
                "sw_version": __version__,
            },
            "origin": {"name": "NZ ALPR", "sw_version": __version__},
        }
        event = shared | {
            "name": "Pass",
            "unique_id": f"{unique}_pass",
            "state_topic": f"{self.base}/{level}/event",
            "event_types": list(EVENT_TYPES),
            "icon": "mdi:car",
        }
        sensor = shared | {
            "name": "Last plate",
            "unique_id": f"{unique}_plate",
            "state_topic": f"{self.base}/{level}/plate",
            "value_template": "{{ value_json.plate }}",
            "json_attributes_topic": f"{self.base}/{level}/plate",
            "icon": "mdi:card-text-outline",
        }
        return [
            Publication(f"{self.discovery}/{kind}/{unique}/config", json.dumps(entity), retain=True)
            for kind, entity in (("event", event), ("sensor", sensor))
        ]

    def publications(self, message: Message) -> list[Publication]:
        """An event is not retained: one that is told again would open a gate again. The sensor's
        state is, so that it is there after a restart."""
        if not message.is_pass:
            subject = message.kind.partition(".")[0]
            return [Publication(f"{self.base}/{subject}", json.dumps(message.payload))]
        seen = message.payload
        level = level_of(camera_of(message))
        moment = message.kind.partition(".")[2]
        event = {"event_type": moment, "event_id": message.id, **seen}
        found = [Publication(f"{self.base}/{level}/event", json.dumps(event))]
        plate = seen["plate"] or seen["plate_hash"]
        if moment != "update":
            state = {
                "plate": plate,
                **{name: seen[name] for name in ("at", "camera", "confidence", "format", "id")},
                "lists": sorted({match["list"] for match in seen["matches"]}),
            }
            topic = f"{self.base}/{level}/plate"
            found.append(Publication(topic, json.dumps(state), retain=True))
        if self.frigate:
            topic = f"{self.frigate}/tracked_object_update"
            found.append(Publication(topic, json.dumps(_tracked_object(message, plate))))
        return found


def camera_of(message: Message) -> str:
    return str(message.payload.get("camera") or _NO_CAMERA)


def level_of(camera: str) -> str:
    """A camera's name as a level of a topic, another one for each name."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", camera)
    if plain == camera:
        return plain
    return f"{plain}_{hashlib.sha256(camera.encode()).hexdigest()[:6]}"


def _tracked_object(message: Message, plate: str) -> dict[str, Any]:
    """As Frigate tells of a plate that it has read of an object that it follows."""
    seen = message.payload
    box = seen["bbox"]
    return {
        "type": "lpr",
        "id": seen["id"],
        "name": next((each["owner"] or each["entry"] for each in seen["matches"]), None),
        "plate": plate,
        "score": seen["confidence"],
        "camera": seen["camera"],
        "timestamp": message.created / 1e6,
        "plate_box": None
        if box is None
        else [box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]],
    }
