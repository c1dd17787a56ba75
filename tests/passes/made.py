"""Passes as the tests need them, with evidence of the real decoder."""

import string
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from app.nz.decoder import PlateDecoder
from app.passes.records import NewPass
from app.passes.store.searching import PassFilter, StoredPass
from app.passes.store.store import PassStore
from tests.pictures import draw_car, encode
from tests.servers import eventually

ALPHABET = string.digits + string.ascii_uppercase + "_"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SLOTS = 9
WHO = "key-ofthetests"


@cache
def decoder() -> PlateDecoder:
    return PlateDecoder(ALPHABET, "_", threshold=0.85)


def prior(text: str, small_plate: bool) -> float:
    known = decoder().prior(text, small_plate=small_plate)
    return known.lawful + known.foreign


def made(
    text: str, *, minute: float = 0, doubts: dict[int, str] | None = None, **changes: Any
) -> NewPass:
    """A pass whose plate was read as `text`; `doubts` has other characters by position, each half
    as probable as the one that was read."""
    rows = np.full((SLOTS, len(ALPHABET)), 1e-4, np.float32)
    for slot in range(SLOTS):
        rows[slot, ALPHABET.index(text[slot] if slot < len(text) else "_")] = 1
        if doubts and slot in doubts:
            rows[slot, ALPHABET.index(doubts[slot])] = 0.5
    rows /= rows.sum(axis=1, keepdims=True)
    reading = decoder().decode(rows)
    at = NOON + timedelta(minutes=minute)
    given = {
        "source": "picture",
        "camera": "gate",
        "at": at,
        "last_at": at,
        "plate": text,
        "confidence": next((c.probability for c in reading.candidates if c.plate == text), 0.9),
        "format": reading.validation.format,
        "candidates": reading.candidates,
        "texts": {text: 1.0},
        "evidence": decoder().evidence(rows).to_bytes(),
        "detail": {"frames": 1, "reads": 1, "agreeing": 1, "detection_confidence": 0.9},
    }
    return NewPass(**given | changes)  # type: ignore[arg-type]


@cache
def picture() -> bytes:
    return encode(draw_car("ABC123"), ".jpg")


def put(store: PassStore, *passes: NewPass) -> None:
    """Add, and wait until they are found."""
    for passing in passes:
        store.add(passing)
    ids = {passing.id for passing in passes}
    assert eventually(lambda: ids <= {each.id for each in everything(store)})


def everything(store: PassStore) -> list[StoredPass]:
    return list(store.export(PassFilter(), who=WHO))


def plates(store: PassStore, **wanted: Any) -> list[str | None]:
    return [each.plate for each in store.find(PassFilter(**wanted), who=WHO).passes]
