import json
from pathlib import Path

import pytest

from app.lab.errors import ResultError
from app.lab.evaluation.comparison import compare, mcnemar_exact
from app.lab.evaluation.results import Evaluation, evaluation_body, load_evaluation
from tests.lab.evaluation.builders import evaluation, photo, plate, read


@pytest.mark.parametrize(
    ("fixed", "broken", "probability"),
    [
        (0, 0, 1.0),
        (1, 1, 1.0),
        (5, 0, 2 / 2**5),
        (0, 6, 2 / 2**6),
        (8, 2, 2 * (1 + 10 + 45) / 2**10),
        (3000, 3000, 1.0),  # far beyond what a float holds before the division
    ],
)
def test_mcnemar(fixed: int, broken: int, probability: float) -> None:
    assert mcnemar_exact(fixed, broken) == pytest.approx(probability)
    assert mcnemar_exact(broken, fixed) == mcnemar_exact(fixed, broken)


BEFORE = evaluation(
    (
        plate("ABC123", read("ABC128"), photo="fixed.jpg", iou=0.4),
        plate("KLM482", read("KLM482"), photo="broken.jpg"),
        plate("QBN11", read("QBN11"), photo="same.jpg"),
        plate(None, None, photo="no-text.jpg"),
        plate("RDY19", None, photo="only-before.jpg"),
    ),
    (photo("n.jpg", negative=True, unmatched=(read("STOP"),)),),
)
AFTER = evaluation(
    (
        plate("ABC123", read("ABC128", corrected="ABC123"), photo="fixed.jpg", iou=0.8),
        plate("KLM482", None, photo="broken.jpg"),
        plate("QBN11", read("QBN11"), photo="same.jpg"),
        plate(None, read("AB1"), photo="no-text.jpg"),
    ),
    (photo("n.jpg", negative=True),),
)


def test_fixed_and_broken_by_aspect() -> None:
    found = compare(BEFORE, AFTER)
    changes = {
        name: (
            paired.samples,
            [change.photo for change in paired.fixed],
            [change.photo for change in paired.broken],
        )
        for name, paired in found.aspects.items()
    }
    assert changes == {
        "answer right": (3, ["fixed.jpg"], ["broken.jpg"]),
        "raw text right": (3, [], ["broken.jpg"]),
        "among the first three": (3, ["fixed.jpg"], ["broken.jpg"]),
        "plate found": (4, ["no-text.jpg"], ["broken.jpg"]),
        "detected, IoU >= 0.5": (4, ["fixed.jpg", "no-text.jpg"], ["broken.jpg"]),
        "none where none is": (1, ["n.jpg"], []),
    }
    answer = found.aspects["answer right"].fixed[0]
    assert (answer.truth, answer.a, answer.b) == ("ABC123", "ABC128", "ABC123")
    assert (found.only_a, found.only_b) == (1, 0)


def test_significance() -> None:
    wrong = tuple(plate("ABC123", None, photo=f"{i}.jpg") for i in range(6))
    right = tuple(plate("ABC123", read("ABC123"), photo=f"{i}.jpg") for i in range(6))
    assert compare(evaluation(wrong), evaluation(right)).aspects["answer right"].significant
    five = compare(evaluation(wrong[:5]), evaluation(right[:5]))
    assert not five.aspects["answer right"].significant


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (evaluation(AFTER.plates, mode="crops"), "of photos, the other of crops"),
        (evaluation((plate("ABC124", None, photo="fixed.jpg"),)), "different labels"),
        (evaluation((plate("ABC124", None, photo="other.jpg"),)), "in common"),
    ],
)
def test_what_cannot_be_compared(other: Evaluation, message: str) -> None:
    with pytest.raises(ResultError, match=message):
        compare(BEFORE, other)


def test_results_survive_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**evaluation_body(BEFORE), "summary": {}}))
    assert load_evaluation(path) == BEFORE


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "Invalid JSON"), ('{"plates": []}', "dataset: Field required")],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ResultError, match=message):
        load_evaluation(path)


def test_other_versions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**evaluation_body(BEFORE), "version": 99}))
    with pytest.raises(ResultError, match="format 99"):
        load_evaluation(path)
