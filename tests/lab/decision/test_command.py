"""Evaluations to a file that the service loads."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from app.lab.decision.command import main
from app.lab.decision.samples import boxes_of
from app.lab.errors import ResultError
from app.lab.evaluation.results import Evaluation, ReadPlate, evaluation_body
from app.vision.decision import NAMES, Witnesses, load_decision
from tests.lab.evaluation.builders import evaluation, photo, plate, read


def found(score: float, text: str = "KLM482") -> ReadPlate:
    seen = Witnesses(**{**dict.fromkeys(NAMES, 0.0), "score": score, "reading": score})
    return dataclasses.replace(read(text), witnesses=seen)


def evaluated(count: int = 60) -> Evaluation:
    """Photos with a plate, every third misread, and as many without one that show something."""
    scores = np.random.default_rng(0).normal(1.5, 1.0, count)
    plates = tuple(
        plate("KLM482", found(float(score), "KLM482" if i % 3 else "XXX"), photo=f"{i}.jpg")
        for i, score in enumerate(scores)
    )
    with_plates = tuple(photo(each.photo) for each in plates)
    without = tuple(
        photo(f"n{i}.jpg", negative=True, unmatched=(found(-float(score)),))
        for i, score in enumerate(scores)
    )
    return evaluation(plates, (*with_plates, *without))


def test_a_fit_is_written_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "a.json", tmp_path / "decision.json"
    source.write_text(json.dumps(evaluation_body(evaluated())))
    assert main([str(source), "--out", str(out), "--data", "drawn", "--floor", "0.1"]) == 0
    decision = load_decision(str(out))
    assert (decision.detector, decision.ocr, decision.floor) == ("detector", "ocr", 0.1)
    assert decision.data == "drawn: 60 plates, 60 other boxes"
    well, badly = found(3.0).witnesses, found(-3.0).witnesses
    assert well is not None
    assert badly is not None
    assert decision.plate.probability(well) > 0.9
    assert decision.plate.probability(badly) < 0.1
    assert decision.text.probability(well) < decision.plate.probability(well)
    assert "plates, judged by fits on other photos: log loss" in capsys.readouterr().out


def test_what_may_be_an_unlabelled_plate_is_left_out() -> None:
    """So is what no decision weighed, and a text that nobody knows."""
    plates = (
        plate("KLM482", found(1.0), photo="a.jpg"),
        plate(None, found(1.0), photo="a.jpg", index=1),
        plate("KLM482", None, photo="a.jpg", index=2),
        plate("KLM482", read("KLM482"), photo="a.jpg", index=3),
    )
    photos = (
        photo("a.jpg", unmatched=(found(0.0),)),
        photo("c.jpg"),
        photo("d.jpg"),
        photo("b.jpg", negative=True, unmatched=(found(0.0), read("H"))),
    )
    boxes = boxes_of([evaluation(plates, photos)])
    assert boxes.plates.tolist() == [True, True, False]
    assert boxes.right.tolist() == [True, False, False]
    assert boxes.known.tolist() == [True, False, True]
    assert boxes.importance.tolist() == [1, 1, 3]
    assert boxes.photos.tolist() == ["data/a.jpg", "data/a.jpg", "data/b.jpg"]


def test_both_kinds_are_needed() -> None:
    with pytest.raises(ResultError, match="ALPR_DECISION=generic"):
        boxes_of([evaluation((plate("KLM482", read("KLM482")),), (photo(),))])


def test_a_file_that_is_no_evaluation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "a.json"
    source.write_text("{}")
    assert main([str(source), "--out", str(tmp_path / "out.json"), "--data", "x"]) == 1
    assert "is no result of evaluate" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()
