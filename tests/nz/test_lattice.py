"""The decoder's posteriors against a sum over every plate, text and slip written out."""

import math
from itertools import pairwise, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.nz import texts as texts_module
from app.nz.evidence import Evidence
from app.nz.grammar import Shape, plate_shapes
from app.nz.lattice import Lattice
from app.nz.paths import SlipRates

ALPHABET = "012AB_"
CHARACTERS = 36
"""Characters that an inserted one is drawn from, readable by the OCR or not."""
Problem = tuple[list[Shape], NDArray[np.float64], NDArray[np.float64], SlipRates, float]


def likelihood(
    plate: str, rows: NDArray[np.float64], odds: NDArray[np.float64], slips: SlipRates
) -> float:
    """P(slots | plate), slip by slip as the module describes them."""
    slots, length = len(rows), len(plate)

    def shows(*texts: str | None) -> float:
        padded = [*texts, *"_" * (slots - len(texts))]
        return prod(
            sum(row[ALPHABET.index(c)] for c in ALPHABET[:-1]) / CHARACTERS
            if text is None
            else row[ALPHABET.index(text)]
            if text in ALPHABET
            else 0.0
            for row, text in zip(rows, padded, strict=True)
        )

    total = (1 - slips.doubled - slips.inserted - slips.missed) * shows(*plate)
    if length < slots:
        for i in range(length):
            rate = slips.doubled / length * max(odds[i], odds[i + 1])
            total += rate * shows(*plate[: i + 1], *plate[i:])
        for i in range(length + 1):
            rate = slips.inserted / (length + 1) * odds[i]
            total += rate * shows(*plate[:i], None, *plate[i:])
    if length > 1:
        for i in range(length):
            rate = slips.missed / length * max(odds[max(i - 1, 0)], odds[i])
            total += rate * shows(*plate[:i], *plate[i + 1 :])
    return total


def texts(rows: NDArray[np.float64]) -> float:
    """P(slots | some text), text by text."""
    total = 0.0
    for length in range(1, len(rows) + 1):
        for text in map("".join, product(ALPHABET[:-1], repeat=length)):
            total += text_weight(text) * shown(rows, text)
    return total


def shown(rows: NDArray[np.float64], text: str) -> float:
    """P(slots | text), read without a slip."""
    padded = text.ljust(len(rows), "_")
    return prod(float(row[ALPHABET.index(c)]) for row, c in zip(rows, padded, strict=True))


def text_weight(text: str) -> float:
    """Probability of a text among all of them, as the module describes it."""
    kinds = [character.isdigit() for character in text]
    weight = texts_module.LENGTHS[len(text) - 1] * 0.5
    for before, after in pairwise(kinds):
        change = texts_module.CHANGE_OF_KIND
        weight *= change if before != after else 1 - change
    for is_digit in kinds:
        weight /= 10 if is_digit else 26
    return weight


def brute_force(problem: Problem) -> tuple[dict[str, float], dict[str, float]]:
    """The posterior of each plate, and of each plate's text being what stands there."""
    shapes, rows, odds, slips, text_prior = problem
    joint: dict[str, float] = {}
    for shape in shapes:
        for plate in map("".join, product(*shape.classes)):
            weight = (1 - text_prior) * shape.plate_prior * likelihood(plate, rows, odds, slips)
            joint[plate] = joint.get(plate, 0.0) + weight
    evidence = sum(joint.values()) + text_prior * texts(rows)
    legible = {
        plate: value + text_prior * text_weight(plate) * shown(rows, plate)
        for plate, value in joint.items()
    }
    return (
        {plate: value / evidence for plate, value in joint.items()},
        {plate: value / evidence for plate, value in legible.items()},
    )


rates = st.floats(0.001, 0.2)
character_classes = st.sets(st.sampled_from("012AB"), min_size=1, max_size=4).map(
    lambda members: "".join(sorted(members))
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    slots = draw(st.integers(2, 4))
    shapes = [
        Shape(f"format{index}", tuple(classes), draw(st.floats(0.01, 1.0)))
        for index, classes in enumerate(
            draw(
                st.lists(
                    st.lists(character_classes, min_size=1, max_size=slots),
                    min_size=1,
                    max_size=4,
                )
            )
        )
    ]
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sharpness = draw(st.sampled_from([0.05, 0.3, 1.0]))
    rows = random.dirichlet(np.full(len(ALPHABET), sharpness), slots) + 1e-6
    odds = random.uniform(0, 3, slots)
    return shapes, rows, odds, SlipRates(draw(rates), draw(rates), draw(rates)), draw(rates)


def lattice(problem: Problem, **search: int) -> Lattice:
    shapes, rows, _, slips, text_prior = problem
    return Lattice(
        shapes, ALPHABET, "_", slots=len(rows), slips=slips, text_prior=text_prior, **search
    )


def look(problem: Problem) -> Evidence:
    _, rows, odds, slips, _ = problem
    return Evidence(ALPHABET, "_", slips, rows, odds)


@settings(max_examples=60)
@given(problems())
def test_exhaustive_search_gives_the_posterior_of_every_plate(problem: Problem) -> None:
    expected, legible = brute_force(problem)
    reader = lattice(problem, visits=20_000, listed=len(expected))
    posteriors = reader.posteriors([look(problem)])
    found = posteriors.plates
    assert posteriors.foreign == pytest.approx(1 - sum(expected.values()), rel=1e-6, abs=1e-12)
    # A plate that only a slip with odds of 0 could explain is not found, and has no probability.
    possible = {plate: p for plate, p in expected.items() if p > 0}
    assert {item.plate: item.probability for item in found} == pytest.approx(possible, rel=1e-9)
    assert {item.plate: item.legible for item in found} == pytest.approx(
        {plate: legible[plate] for plate in possible}, rel=1e-9
    )
    ranked = [item.probability for item in found]
    assert ranked == sorted(ranked, reverse=True)


@settings(max_examples=60)
@given(problems())
def test_short_search_lists_true_posteriors_and_proves_the_best(problem: Problem) -> None:
    expected, _ = brute_force(problem)
    reader = lattice(problem)
    found = reader.posteriors([look(problem)]).plates
    assert found == reader.posteriors([look(problem)]).plates
    for item in found:
        assert item.probability == pytest.approx(expected[item.plate], rel=1e-9)
    missing = 1 - sum(item.probability for item in found)
    listed = {item.plate for item in found}
    unlisted = max((p for plate, p in expected.items() if plate not in listed), default=0.0)
    assert unlisted <= missing + 1e-9
    best = max(expected.values())
    if best > 0.5:
        assert found[0].probability == pytest.approx(best, rel=1e-9)


Looks = tuple[Problem, list[NDArray[np.float64]], list[float]]


@st.composite
def several(draw: st.DrawFn) -> Looks:
    """A problem, two more looks at it and a weight of each."""
    problem = draw(problems())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    further = [random.dirichlet(np.full(len(ALPHABET), 0.3), len(problem[1])) + 1e-6] * 2
    return problem, [problem[1], *further], [draw(st.sampled_from([0.3, 1, 2])) for _ in range(3)]


def brute_force_of_several(looks: Looks) -> dict[str, float]:
    (shapes, _, odds, slips, share), tables, weights = looks

    def powers(values: list[float]) -> float:
        return prod(math.pow(v, weight) for v, weight in zip(values, weights, strict=True))

    joint: dict[str, float] = {}
    for shape in shapes:
        for plate in map("".join, product(*shape.classes)):
            every = powers([likelihood(plate, rows, odds, slips) for rows in tables])
            joint[plate] = joint.get(plate, 0.0) + (1 - share) * shape.plate_prior * every
    foreign = sum(
        share * text_weight(text) * powers([shown(rows, text) for rows in tables])
        for length in range(1, len(odds) + 1)
        for text in map("".join, product(ALPHABET[:-1], repeat=length))
    )
    evidence = sum(joint.values()) + foreign
    return {plate: value / evidence for plate, value in joint.items()}


def evidences(looks: Looks) -> list[Evidence]:
    (_, _, odds, slips, _), tables, _ = looks
    return [Evidence(ALPHABET, "_", slips, rows, odds) for rows in tables]


@settings(max_examples=25)
@given(several())
def test_several_looks_add_up(looks: Looks) -> None:
    expected = brute_force_of_several(looks)
    reader = lattice(looks[0], visits=20_000, listed=len(expected))
    found = reader.posteriors(evidences(looks), looks[2])
    assert {item.plate: item.probability for item in found.plates} == pytest.approx(
        {item.plate: expected[item.plate] for item in found.plates}, rel=1e-9
    )
    unlisted = set(expected) - {item.plate for item in found.plates}
    assert sum(expected[plate] for plate in unlisted) < 1e-12
    assert found.foreign == pytest.approx(1 - sum(expected.values()), rel=1e-6, abs=1e-12)


@settings(max_examples=25)
@given(several())
def test_a_short_search_of_several_looks_comes_close(looks: Looks) -> None:
    expected = brute_force_of_several(looks)
    found = lattice(looks[0]).posteriors(evidences(looks), looks[2]).plates
    best = max(expected, key=lambda plate: expected[plate])
    if expected[best] > 0.6:
        assert found[0].plate == best
        assert found[0].probability == pytest.approx(expected[best], abs=0.1)


def test_format_is_the_first_shape_that_the_plate_fits() -> None:
    shapes = [Shape("narrow", ("A", "12"), 0.1), Shape("wide", ("AB", "012"), 0.9)]
    rows = np.full((3, len(ALPHABET)), 1e-6)
    rows[[0, 1, 2], [ALPHABET.index(c) for c in "A1_"]] = 1.0
    odds = np.ones(3)
    problem = (shapes, rows, odds, SlipRates(0.01, 0.01, 0.01), 0.01)
    reader = lattice(problem)
    best = reader.posteriors([look(problem)]).plates[0]
    assert (best.plate, best.format) == ("A1", "narrow")
    rows[1] = 1e-6
    rows[1, ALPHABET.index("0")] = 1.0
    assert reader.posteriors([look(problem)]).plates[0].format == "wide"


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("furthest", ["A", "RP", "CEA", "Z", "ZZZ"])
def test_priors_of_all_shapes_sum_to_one(furthest: str, small: bool) -> None:
    shapes = plate_shapes(furthest_issued=furthest, small_plate=small)
    assert sum(shape.prior for shape in shapes) == pytest.approx(1)
