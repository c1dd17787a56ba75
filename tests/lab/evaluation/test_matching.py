import pytest

from app.lab.evaluation.matching import BoxF, Match, iou, match_boxes, match_texts

LABEL: BoxF = (0, 0, 100, 40)


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        ((0, 0, 100, 40), 1.0),
        ((50, 0, 150, 40), 1 / 3),
        ((0, 0, 50, 40), 0.5),
        ((100, 0, 200, 40), 0.0),
        ((300, 300, 300, 300), 0.0),
    ],
)
def test_iou(other: BoxF, overlap: float) -> None:
    assert iou(LABEL, other) == pytest.approx(overlap)
    assert iou(other, LABEL) == pytest.approx(overlap)


@pytest.mark.parametrize(
    ("found", "matches"),
    [
        ((50, 0, 150, 40), True),  # IoU 1/3, the middle on the edge
        ((45, 15, 55, 25), True),  # IoU 1/40, but the middle inside
        ((70, 0, 170, 40), False),  # IoU 0.18, the middle outside
        ((-10, -40, 110, 38), True),  # IoU 0.4, the middle above
        ((200, 0, 300, 40), False),
    ],
)
def test_found_by_overlap_or_middle(found: BoxF, matches: bool) -> None:
    assert bool(match_boxes([LABEL], [found])) is matches


def test_the_best_overlap_wins_one_to_one() -> None:
    labels: list[BoxF] = [(0, 0, 100, 40), (60, 0, 160, 40)]
    found: list[BoxF] = [(58, 0, 158, 40), (20, 0, 120, 40), (2, 0, 102, 40)]
    pairs = [(match.label, match.found) for match in match_boxes(labels, found)]
    assert sorted(pairs) == [(0, 2), (1, 0)]


def test_texts_match_by_likeness() -> None:
    matches = match_texts(["ABC123", "KLM482"], ["KLM48", "XYZ999", "ABC123"])
    assert sorted(matches, key=lambda match: match.label) == [
        Match(0, 2, None),
        Match(1, 0, None),
    ]


def test_more_labels_than_found() -> None:
    assert match_texts(["ABC123", "KLM482"], ["KLM482"]) == [Match(1, 0, None)]
    assert match_boxes([LABEL], []) == []
