"""What makes a box a plate, once it was read."""

import dataclasses
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.building import build_pipeline
from app.config import Settings
from app.errors import ModelCorrupt, ModelMissing
from app.nz.decoder import Candidate, Reading
from app.nz.validation import validate
from app.vision.decision import GENERIC, NAMES, PlateDecision, Witnesses, load_decision
from app.vision.detection.exhaustive import find_all
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.types import Box, Characters, Frame, Looks
from app.vision.witnesses import witnesses_of
from app.weights.resolve import DETECTOR_ALONE, resolve_weights

READABLE = Box(100, 100, 250, 148)


def look(text: str, confidence: float) -> Characters:
    return Characters(text, (confidence,) * len(text), np.zeros((9, 37), np.float32), None)


def reading(text: str, *candidates: tuple[str, float]) -> Reading:
    """Candidates are formats and their probabilities."""
    found = tuple(Candidate(text, name, probability) for name, probability in candidates)
    return Reading(text, validate(text), None, found, None, 0.9)


def seen(
    *,
    score: float = 0.8,
    box: Box = READABLE,
    looks: Looks | None = None,
    read: Reading | None = None,
    cut: bool = False,
) -> Witnesses:
    looks = looks or Looks(look("KLM482", 0.998), None)
    return witnesses_of(score, box, looks, read or reading("KLM482", ("standard", 0.97)), cut=cut)


@pytest.fixture(scope="module", params=["own", GENERIC])
def decision(request: pytest.FixtureRequest) -> PlateDecision:
    """Both that are kept."""
    own = resolve_weights(Settings()).decision
    assert own is not None
    return load_decision(own if request.param == "own" else GENERIC)


@given(values=st.lists(st.floats(-7, 7), min_size=len(NAMES), max_size=len(NAMES)), more=st.data())
def test_more_of_a_witness_never_makes_it_less_probable(
    decision: PlateDecision, values: list[float], more: st.DataObject
) -> None:
    name = more.draw(st.sampled_from(NAMES))
    fewer = Witnesses(*values)
    added = getattr(fewer, name) + more.draw(st.floats(0, 7))
    for weighing in (decision.plate, decision.text):
        before = weighing.probability(fewer)
        assert 0 <= before <= weighing.probability(dataclasses.replace(fewer, **{name: added})) <= 1


def test_a_plate_that_reads_well_is_one_and_what_reads_as_nothing_is_none(
    decision: PlateDecision,
) -> None:
    well = seen()
    badly = seen(looks=Looks(look("H", 0.4), look("1ILI", 0.3)), read=reading("H"), score=0.3)
    assert decision.plate.probability(well) > 0.99
    assert decision.text.probability(well) > 0.9
    assert decision.plate.probability(badly) < 0.4
    assert decision.text.probability(badly) < 0.01


def test_reading_speaks_for_a_box_that_the_detector_doubts(decision: PlateDecision) -> None:
    assert decision.plate.probability(seen(score=0.15)) > 0.4


def test_a_small_plate_may_read_badly(decision: PlateDecision) -> None:
    unread = Looks(look("K4M", 0.4), look("K4M2", 0.4))
    large = seen(looks=unread, read=reading("K4M"))
    small = seen(looks=unread, read=reading("K4M"), box=Box(0, 0, 30, 9))
    assert decision.plate.probability(small) > decision.plate.probability(large)


def test_witnesses() -> None:
    doubtful = Looks(look("KLM482", 0.6), look("KLM48Z", 0.9))
    read = reading("KLM482", ("standard", 0.5), ("pre2001", 0.25), ("personalised", 0.2))
    found = seen(looks=doubtful, read=read, score=0.8, box=Box(0, 0, 240, 24))
    assert found.score == pytest.approx(math.log(0.8 / 0.2))
    assert found.reading == pytest.approx(math.log(0.9 / 0.1))  # of the look that is decoded
    assert found.lawful == pytest.approx(math.log(0.75 / 0.25))  # personalised plates left out
    assert found.characters == 5
    assert found.agreement == pytest.approx(10 / 12)
    assert found.smallness == pytest.approx(1)
    assert found.shape == pytest.approx(-math.log2(10 / 6))
    assert found.whole == 1


def test_witnesses_at_their_ends_are_finite() -> None:
    nothing = Looks(look("A", 1.0), look("", 1.0))
    for score in (0.0, 1.0):
        found = seen(score=score, looks=nothing, read=reading("A"), box=Box(0, 0, 1, 900))
        assert all(math.isfinite(value) for value in dataclasses.astuple(found))
    assert seen(cut=True, read=reading("KLM482")).lawful == 0  # nobody can tell


def test_a_file_comes_back(decision: PlateDecision, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text(decision.to_json())
    assert load_decision(str(path)) == decision


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"plate": None}, "TypeError"),
        ({"plate": {"bias": 0.0, "weights": {"score": 1.0}}}, "missing"),
        ({"text": {"bias": math.nan, "weights": dict.fromkeys(NAMES, 1.0)}}, "finite"),
        ({"text": {"bias": 0.0, "weights": dict.fromkeys(NAMES, "1")}}, "TypeError"),
        ({"floor": 0.0}, "floor"),
        ({"floor": 1.5}, "floor"),
        ({"unheard": 1}, "unheard"),
    ],
)
def test_a_file_that_is_none_says_why(
    settings: Settings, tmp_path: Path, change: dict[str, object], fault: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(json.loads(load_decision(GENERIC).to_json()) | change))
    changed = settings.model_copy(update={"decision": str(path)})
    with pytest.raises(ModelCorrupt, match=f"broken.json is no decision.*{fault}"):
        build_pipeline(changed, resolve_weights(changed), threads=1)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"plate"'])
def test_text_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"Error|Expecting"):
        PlateDecision.from_json(text)


def test_one_that_is_not_there(settings: Settings) -> None:
    changed = settings.model_copy(update={"decision": "unheard-of"})
    with pytest.raises(ModelMissing, match="Mend ALPR_DECISION"):
        build_pipeline(changed, resolve_weights(changed), threads=1)


def test_the_settings_choose(settings: Settings, hub_settings: Settings) -> None:
    def named(base: Settings, **changes: object) -> str | None:
        return resolve_weights(base.model_copy(update=changes)).decision

    own = named(settings)
    assert own is not None
    assert own.endswith(".json")
    assert named(settings, decision=DETECTOR_ALONE) is None
    assert named(settings, decision=GENERIC) == GENERIC
    assert named(hub_settings) is None  # files named by path: as before unless asked for
    assert named(hub_settings, decision=GENERIC) == GENERIC


def test_the_detector_alone_is_as_before(
    settings: Settings, pipeline: PlatePipeline, car: Frame
) -> None:
    changed = settings.model_copy(update={"decision": DETECTOR_ALONE, "padding": "square"})
    alone = build_pipeline(changed, resolve_weights(changed), threads=1)
    (plate,) = alone.read_frame(car, ReadOptions(0.4, "off")).plates
    assert plate.sure.plate == plate.detection.confidence
    assert plate.sure.text == plate.characters.confidence
    assert plate.sure.witnesses is None
    (judged,) = pipeline.read_frame(car, ReadOptions(0.4, "off")).plates
    assert judged.sure.witnesses is not None
    assert judged.characters.text == plate.characters.text


def test_what_is_not_sure_enough_is_not_answered(pipeline: PlatePipeline, car: Frame) -> None:
    """Of a plate and of a sign, which reads as no plate of a series."""
    everything = pipeline.read_frame(car, ReadOptions(0.0, "off"))
    (plate,) = (each for each in everything.plates if each.characters.text == "ABC123")
    above = ReadOptions(min(plate.sure.plate + 1e-6, 1.0), "off")
    text = ReadOptions(0.0, "off", min_text_confidence=min(plate.sure.text + 1e-6, 1.0))
    for options in (above, text):
        result = pipeline.read_frame(car, options)
        assert "ABC123" not in [each.characters.text for each in result.plates]
        assert result.rejected["confidence"] >= 1


def test_redaction_covers_what_the_decision_refuses(pipeline: PlatePipeline, car: Frame) -> None:
    """The detector's own score counts there, so a plate that nobody can read is covered, too."""
    unreadable = car.copy()
    unreadable[300:341, 245:395] = cv2.blur(car[300:341, 245:395], (41, 41))
    refused = pipeline.read_frame(unreadable, ReadOptions(0.999, "off"))
    assert refused.plates == ()
    assert find_all(pipeline.detector, unreadable, 0.1)
