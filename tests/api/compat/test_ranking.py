"""One list of readings, and what the clients' options make of it."""

import numpy as np
import pytest

from app.api.compat.platerecognizer_bodies import EngineConfig, SnapshotRequest, snapshot_results
from app.api.compat.ranking import Preference, is_lawful, ranked_readings
from app.nz.decoder import Candidate, Correction, Reading
from app.nz.validation import validate
from app.vision.types import Box, Certainty, Characters, Detection, FrameResult, Looks, Plate


def plate(
    text: str,
    confidence: float,
    *candidates: tuple[str, float],
    corrected: str | None = None,
) -> Plate:
    found = tuple(Candidate(name, "standard", probability) for name, probability in candidates)
    correction = (
        None if corrected is None else Correction((), "standard", found[0].probability, 0.9, "")
    )
    return Plate(
        Detection(Box(10, 20, 110, 60), 0.9),
        Looks(
            Characters(text, (confidence,) * len(text), np.zeros((10, 37), np.float32), None), None
        ),
        Reading(text, validate(text), corrected, found, correction, 0.9),
        Certainty(0.9, 0.9),
    )


def asking(config: dict[str, object]) -> SnapshotRequest:
    return SnapshotRequest(None, None, EngineConfig.model_validate(config))


READ_WELL = plate("KLM482", 0.9, ("KLM482", 0.97), ("KLM48Z", 0.02))
CORRECTED = plate("KLO482", 0.7, ("KLQ482", 0.95), ("KLD482", 0.04), corrected="KLQ482")
FOREIGN = plate("ABCD1234", 0.8)


@pytest.mark.parametrize(
    ("read", "prefer", "texts", "scores"),
    [
        (READ_WELL, "corrected", ["KLM482", "KLM48Z"], [0.9, 0.02]),
        (READ_WELL, "raw", ["KLM482", "KLM48Z"], [0.9, 0.02]),
        (CORRECTED, "corrected", ["KLQ482", "KLD482"], [0.95, 0.04]),
        (CORRECTED, "raw", ["KLO482", "KLQ482", "KLD482"], [0.7, 0.7, 0.04]),
        (FOREIGN, "corrected", ["ABCD1234"], [0.8]),
    ],
)
def test_readings_are_ranked(
    read: Plate, prefer: Preference, texts: list[str], scores: list[float]
) -> None:
    readings = ranked_readings(read, prefer)
    assert [reading.text for reading in readings] == texts
    assert [reading.score for reading in readings] == pytest.approx(scores)


@pytest.mark.parametrize(
    ("read", "prefer", "lawful"),
    [
        (READ_WELL, "raw", True),
        (CORRECTED, "corrected", True),
        (FOREIGN, "corrected", False),
        (plate("KKLM482", 0.9, ("KLM482", 0.99), corrected="KLM482"), "corrected", True),
        (plate("KKLM482", 0.9, ("KLM482", 0.99), corrected="KLM482"), "raw", False),
    ],
)
def test_lawful_is_what_is_given(read: Plate, prefer: Preference, lawful: bool) -> None:
    assert is_lawful(read, prefer) is lawful


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({}, ["klm482", "klq482", "abcd1234"]),
        ({"region": "strict"}, ["klm482", "klq482"]),
        ({"threshold_o": 0.85}, ["klm482", "klq482"]),
        ({"threshold_o": 0.91}, ["klq482"]),
        ({"text_formats": ["[a-z]{3}48z", r"\w{4}\d{4}"]}, ["klm48z", "klq482", "abcd1234"]),
        ({"text_formats": ["klm"]}, ["klm482", "klq482", "abcd1234"]),
    ],
)
def test_options_of_plate_recognizers_engine(config: dict[str, object], found: list[str]) -> None:
    result = FrameResult((READ_WELL, CORRECTED, FOREIGN), 640, 480, {}, {})
    bodies = snapshot_results(result, asking(config), "corrected")
    assert [body["plate"] for body in bodies] == found


def test_what_could_not_be_read_comes_last_and_has_every_field() -> None:
    unread = Detection(Box(200, 20, 240, 40), 0.25)
    result = FrameResult((READ_WELL,), 640, 480, {}, {}, unread=(unread,))
    read, other = snapshot_results(result, asking({}), "corrected")
    assert set(read) == set(other)
    assert (other["plate"], other["score"], other["dscore"]) == ("", 0.0, 0.25)
    assert other["candidates"] == [{"plate": "", "score": 0.0}]
    assert other["region"] == {"code": "nz", "score": 0.0}
