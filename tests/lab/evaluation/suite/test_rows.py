"""Figures of a set, and the targets that they meet."""

from dataclasses import replace

import pytest

from app.lab.evaluation.clips.results import ClipEvaluation, ClipOutcome, FoundPass, PassOutcome
from app.lab.evaluation.figures.rates import rate
from app.lab.evaluation.suite.measuring import Measured
from app.lab.evaluation.suite.rows import to_row
from app.lab.evaluation.suite.targets import Target
from tests.lab.evaluation.builders import evaluation, photo, plate, read
from tests.lab.evaluation.suite.builders import PROVENANCE, SET, measured

GOOD = {"condition": "clear"}
RESULT = evaluation(
    (
        plate("ABC123", read("ABC123"), tags=GOOD),
        plate("KLM482", read("KLN482"), tags=GOOD, index=1),
        plate("QBN119", read("QBN119"), tags={"condition": "night"}, index=2),
        plate("RDY19", None, index=3),
        plate(None, read("TEL09"), index=4),
        plate(None, None, index=5),
    ),
    (
        replace(photo(), passes=3),
        replace(photo("n.jpg", negative=True), passes=1),
        photo("o.jpg", negative=True, unmatched=(read("STOP", confidence=0.7),)),
        photo("p.jpg", negative=True, unmatched=(read("A"), read("B", confidence=0.2))),
    ),
)


def test_a_row_counts_what_is_known() -> None:
    row = to_row(measured(RESULT))
    assert (row.pictures, row.plates) == (4, 6)
    assert (row.found.count, row.found.total) == (4, 6)
    assert (row.right.count, row.right.total) == (2, 4)
    assert (row.characters.count, row.characters.total) == (17, 18)
    assert (row.partial.count, row.partial.total) == (1, 4)
    assert (row.false.count, row.false.total) == (2, 4)
    assert row.surely_false == 1
    assert (row.passes, row.ms) == (2.0, 25.0)
    assert row.outcomes == "rwr-f-"
    assert row.negatives == ".fs"
    assert [group.name for group in row.breakdown["light"]] == ["day", "night"]
    assert row.every is not None
    assert (row.every.right, row.every.wrong, row.every.nowhere) == (2, 1, 3)


def test_targets_are_those_of_standard_plates_in_good_conditions() -> None:
    row = to_row(measured(RESULT))
    found = {one.name: (one.share.count, one.share.total, one.met) for one in row.targets}
    assert found == {
        "plates": (1, 2, False),
        "characters": (11, 12, False),
        "partial": (1, 2, False),
        "false": (2, 3, False),
    }
    abroad = to_row(measured(RESULT, loaded=replace(SET, abroad=True)))
    assert abroad.targets == ()


@pytest.mark.parametrize(
    ("target", "met", "settled"),
    [
        (Target("plates", rate(3, 3)), True, False),
        (Target("plates", rate(999, 1000)), True, True),
        (Target("plates", rate(95, 100)), False, False),  # more than that was asked for
        (Target("characters", rate(90, 100)), False, True),
        (Target("false", rate(0, 1000)), True, True),
        (Target("partial", rate(0, 10)), True, False),
        (Target("partial", rate(0, 0)), False, False),
    ],
)
def test_a_target_is_met_or_not_and_so_for_sure_or_not(
    target: Target, met: bool, settled: bool
) -> None:
    assert (target.met, target.settled) == (met, settled)


def test_clips() -> None:
    def told(text: str) -> tuple[FoundPass, ...]:
        return (FoundPass(text, 0.9, None, 0, 2, 4, 4, 4, {text: 4}, True),)

    passes = tuple(
        PassOutcome("a.mp4", "ABC123", 0, 2, {}, found, {}, 4, 4, None)
        for found in (told("ABC123"), told("ABC12"), ())
    )
    clips = (
        ClipOutcome("a.mp4", True, (), 5, 25),
        ClipOutcome("b.mp4", True, told("GHOST"), 5, 25),
        ClipOutcome("c.mp4", False, told("OTHER"), 5, 25),
    )
    result = ClipEvaluation("clips", (), "d", "o", {}, "now", passes, clips)
    row = to_row(Measured(replace(SET, name="clips"), result, PROVENANCE))
    assert (row.pictures, row.plates, row.outcomes) == (3, 3, "rw-")
    assert (row.found.count, row.right.count, row.partial.count) == (2, 1, 1)
    assert (row.false.count, row.false.total, row.surely_false) == (1, 2, 1)
    assert row.passes is None
