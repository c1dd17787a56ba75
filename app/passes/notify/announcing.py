"""Which target is told of which event, and what is said."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from app.passes.notify import outbox
from app.passes.notify.targets import Target
from app.passes.records import NewPass, PassMoment
from app.passes.store.privacy import Privacy

_SHOWN: Final = (
    *("frames", "reads", "agreeing", "raw_reads", "direction", "bbox", "detection_confidence"),
    *("validation", "request_id"),
)


class Announcer:
    """Adds a message for each target that wants an event, in the transaction of the event."""

    def __init__(
        self,
        targets: Callable[[], Mapping[str, Target]],
        privacy: Privacy,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._targets, self._privacy, self._now = targets, privacy, now

    def __call__(self, connection: sa.Connection, events: Sequence[NewPass]) -> None:
        """Raises DBAPIError."""
        now = self._now()
        targets = self._targets().values()
        for event in events:
            payload: dict[str, Any] | None = None
            for moment in moments(event):
                for target in targets:
                    if not target.wants(moment, event):
                        continue
                    payload = payload or payload_of(event, self._privacy)
                    outbox.add(
                        connection,
                        target.name,
                        payload,
                        kind=f"pass.{moment}",
                        id=f"{event.event_id}.{moment}",
                        at=now,
                        expires_at=now + target.config.max_age,
                        pass_id=event.id,
                        plate_key=self._privacy.key_of(event),
                        traceparent=event.traceparent,
                    )

    def wants(self, moment: PassMoment) -> bool:
        """Whether anybody does: an event that nobody wants is not even made."""
        return any(moment in target.config.events for target in self._targets().values())


def moments(event: NewPass) -> Iterator[PassMoment]:
    """What is told of an event: a picture is the whole of its pass, which begins with it."""
    if event.source == "picture":
        yield "new"
    yield event.event


def payload_of(event: NewPass, privacy: Privacy) -> dict[str, Any]:
    """An event as JSON; `event` must be what may be kept."""
    return {
        "id": event.id,
        "source": event.source,
        "camera": event.camera,
        "at": iso(event.at),
        "last_at": iso(event.last_at),
        "plate": privacy.plate(event),
        "plate_hash": None if privacy.has_texts else event.plate,
        "format": event.format,
        "confidence": round(event.confidence, 4),
        "candidates": [
            {"plate": each.plate, "format": each.format, "probability": round(each.probability, 6)}
            for each in event.candidates
        ],
        "matches": [asdict(match) for match in event.matches],
        **{name: event.detail.get(name) for name in _SHOWN},
        "crop": _picture(event, "crop", event.crop),
        "frame": _picture(event, "frame", event.frame),
    }


def iso(moment: datetime) -> str:
    """In UTC, as in the answers of the API."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _picture(event: NewPass, kind: str, data: bytes | None) -> str | None:
    return None if data is None else f"/passes/{event.id}/{kind}"
