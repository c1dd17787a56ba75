import pytest

from app.lab.evaluation.figures.accuracy import accuracy, corrections, plate_metrics
from app.lab.evaluation.figures.rates import rate
from tests.lab.evaluation.builders import plate, read

UNKNOWN = rate(0, 0)


@pytest.mark.parametrize(
    ("true", "found", "counts"),
    [
        ("ABC123", "ABC123", (1, 0, 0)),
        ("ABC123", "ABC128", (0, 1, 0)),
        ("ABC123", "ABC12", (0, 1, 0)),
        ("ABC123", "XYZ99", (0, 0, 1)),  # another length is not a partial match by itself
        ("ABC123", "", (0, 0, 1)),
        ("ABC123", None, (0, 0, 1)),
    ],
)
def test_plate_is_correct_partial_or_failed(
    true: str, found: str | None, counts: tuple[int, int, int]
) -> None:
    metrics = plate_metrics([(true, found)], UNKNOWN)
    assert (metrics.correct, metrics.partial, metrics.failed) == counts
    assert metrics.total_samples == 1


def test_rates_of_metrics() -> None:
    pairs: list[tuple[str, str | None]] = [("ABC123", "ABC123"), ("KLM482", "KLM48"), ("AB1", None)]
    metrics = plate_metrics(pairs, rate(11, 12))
    assert metrics.plate_accuracy.value == pytest.approx(1 / 3)
    assert metrics.partial_match_rate.value == pytest.approx(1 / 3)
    assert metrics.character_accuracy.value == pytest.approx(11 / 12)


OUTCOMES = [
    plate("ABC123", read("ABC123")),
    plate("ABC123", read("ABC123", corrected="ABC128", candidates=(("ABC128", 0.9),))),
    plate("KLM482", read("KLM48Z", corrected="KLM482", candidates=(("KLM482", 0.9),))),
    plate("KLM482", read("KLM4B2", corrected="KLM492", candidates=(("KLM492", 0.8),))),
    plate(
        "QBN11",
        read("QBN113", candidates=(("QBN113", 0.5), ("QBN13", 0.3), ("QBN11", 0.1), ("QBN1", 0.0))),
    ),
    plate("RDY19", None),
]


def test_corrections_gained_lost_and_changed() -> None:
    found = corrections(OUTCOMES)
    assert (found.offered.count, found.offered.total) == (3, 5)
    assert (found.gained.count, found.gained.total) == (1, 3)
    assert (found.lost.count, found.lost.total) == (1, 2)
    assert (found.changed.count, found.changed.total) == (1, 3)


def test_accuracy_raw_corrected_and_top3() -> None:
    found = accuracy(OUTCOMES)
    assert (found.raw.count, found.corrected.count, found.top3.count) == (2, 2, 3)
    assert found.raw.total == 6


def test_a_lost_reading_stays_within_the_top_if_it_is_a_candidate() -> None:
    candidates = (("ABC128", 0.9), ("ABC123", 0.05))
    lost = plate("ABC123", read("ABC123", corrected="ABC128", candidates=candidates))
    assert not lost.right
    assert lost.within_top(2)
    assert not lost.within_top(1)
