import pytest

from app.lab.evaluation.figures.breakdown import break_down
from app.lab.evaluation.figures.remaining import Cause, cause_of, remaining_errors
from app.lab.evaluation.figures.timing import summarise_timings
from tests.lab.evaluation.builders import plate, read


@pytest.mark.parametrize(
    ("truth", "text", "cause"),
    [
        ("ABC123", None, "missed"),
        ("ABC123", "", "missed"),
        ("ABC123", "ABC128", "within_grammar"),
        ("ABC123", "ABC12", "within_grammar"),  # two digits are a lawful standard plate
        ("ABC123", "A8C123", "outside_grammar"),  # personalised at best
        ("QBN11", "QBN1133", "outside_grammar"),  # too long for any plate
        ("GO4IT", "GO41T", "within_grammar"),  # both personalised
        ("GO4IT", "GDA417", "within_grammar"),  # a series is as good as any
        ("B12ABC7", "B12ABC1", "foreign"),
    ],
)
def test_cause(truth: str, text: str | None, cause: Cause) -> None:
    assert cause_of(truth, text) == cause


def test_remaining_errors_are_the_wrong_answers() -> None:
    candidates = (("ABC128", 0.6), ("ABC123", 0.3))
    errors = remaining_errors(
        [
            plate("ABC123", read("ABC123")),
            plate("ABC123", read("A8C123"), photo="outside.jpg"),
            plate("ABC123", read("ABC128", candidates=candidates), photo="low.jpg"),
            plate("ABC123", read("ABC128", confidence=0.99), photo="high.jpg"),
            plate("ABC123", None, photo="missed.jpg"),
            plate(None, None, photo="no-text.jpg"),
        ]
    )
    assert [error.photo for error in errors] == [
        "missed.jpg",
        "high.jpg",
        "low.jpg",
        "outside.jpg",
    ]
    assert [error.rank for error in errors] == [None, None, 2, None]


def test_break_down() -> None:
    plates = [
        plate("ABC123", read("ABC123"), tags={"condition": "night; dirt", "severity": "0.91"}),
        plate("KLM482", None, tags={"condition": "night", "severity": "0.05"}),
        plate("AB1234", read("AB1234"), tags={"severity": "1.0", "country": "NZ"}),
    ]
    groups = {
        column: [(one.name, one.plates, one.found.count, one.accuracy.raw.count) for one in values]
        for column, values in break_down(plates).items()
    }
    assert groups == {
        "state": [("clean", 1, 0, 0), ("dirty or worn", 1, 1, 1)],
        "condition": [("night", 2, 1, 1), ("(empty)", 1, 1, 1), ("dirt", 1, 1, 1)],
        "severity": [("0.0-0.2", 1, 0, 0), ("0.8-1.0", 2, 2, 2)],
        "format": [("standard", 2, 1, 1), ("pre2001", 1, 1, 1)],
        "country": [("(empty)", 2, 1, 1), ("NZ", 1, 1, 1)],
    }


def test_timings_by_stage_and_in_all() -> None:
    timings = summarise_timings([{"detect": 10.0, "ocr": 2.0}, {"detect": 20.0, "ocr": 4.0}, {}])
    assert list(timings) == ["detect", "ocr", "total"]
    assert (timings["detect"].mean, timings["total"].p50) == (15.0, 18.0)
    assert timings["total"].p99 == pytest.approx(23.88)
