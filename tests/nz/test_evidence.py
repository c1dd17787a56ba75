import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from app.nz.calibration import load_calibration
from app.nz.decoder import PlateDecoder
from app.nz.evidence import Evidence, pool
from app.nz.paths import SlipRates
from tests.nz.test_decoder import ALPHABET, distributions
from tests.nz.test_lattice import Problem, likelihood, look, problems


def decoder() -> PlateDecoder:
    """Of an OCR that seldom slips, whatever the released one does."""
    calibration = replace(
        load_calibration("generic"),
        slips=SlipRates(doubled=0.0004, inserted=0.0017, missed=0.0013),
        doubt=0.0015,
        smoothing=0.02,
    )
    return PlateDecoder(ALPHABET, "_", threshold=0.85, calibration=calibration)


@settings(max_examples=40)
@given(problems())
def test_the_likelihood_of_a_text_is_that_slip_by_slip(problem: Problem) -> None:
    _, rows, odds, slips, _ = problem
    texts = ["A", "B2", "01", "AB1"[: len(rows)], "2" * len(rows)]
    expected = [math.log(likelihood(text, rows, odds, slips)) for text in texts]
    assert look(problem).log_likelihoods(texts) == pytest.approx(expected)
    assert look(problem).log_likelihood(texts[1]) == pytest.approx(expected[1])


def test_what_cannot_be_shown() -> None:
    seen = decoder().evidence(distributions("KLM482"))
    assert seen.log_likelihood("KLM4821234567") == -math.inf
    assert seen.log_likelihood("KLM-82") == -math.inf
    assert seen.log_likelihood("KLM48_") == -math.inf
    assert seen.log_likelihood("KLM482") > seen.log_likelihood("KLM48") > -math.inf


def test_evidence_survives_its_bytes_and_is_small() -> None:
    seen = decoder().evidence(distributions("KLM482", {2: ("N", 0.3)}))
    stored = seen.to_bytes()
    assert len(stored) < 900
    again = Evidence.from_bytes(stored)
    assert (again.alphabet, again.pad_char, again.slips) == (ALPHABET, "_", seen.slips)
    for text in ("KLM482", "KLN482", "KLM48", "QQQ111"):
        assert again.log_likelihood(text) == pytest.approx(seen.log_likelihood(text), abs=0.05)
    plates = [decoder().choose([each], "KLM482").candidates[0].plate for each in (seen, again)]
    assert plates == ["KLM482", "KLM482"]


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x02" + b"\0" * 40, b"\x01" + b"\xff" * 60])
def test_other_bytes(data: bytes) -> None:
    with pytest.raises(ValueError, match="no evidence"):
        Evidence.from_bytes(data)
    stored = decoder().evidence(distributions("KLM482")).to_bytes()
    with pytest.raises(ValueError, match="no evidence"):
        Evidence.from_bytes(stored[:-2])


def test_looks_that_err_in_different_places_are_right_together() -> None:
    reader = decoder()
    looks = [
        reader.evidence(distributions(text, {slot: (right, 0.35)}))
        for text, slot, right in (("XLM482", 0, "K"), ("KIM482", 1, "L"), ("KLM4B2", 4, "8"))
    ]
    together = reader.choose(looks, "XLM482")
    assert together.corrected_plate == "KLM482"
    assert together.candidates[0].probability > 0.999
    slipped = reader.evidence(distributions("KLM4882", {5: ("2", 0.4)}))
    assert reader.choose([*looks, slipped], "XLM482").corrected_plate == "KLM482"


def test_weights_count_looks() -> None:
    reader = decoder()
    one = reader.evidence(distributions("KLM482", {5: ("7", 0.4)}))
    other = reader.evidence(distributions("KLM487", {5: ("2", 0.3)}))

    def best(*weights: float) -> str:
        return reader.choose([one, other], "KLM482", weights=weights).candidates[0].plate

    assert best(0.2, 1) == "KLM487"
    assert best(1, 0.2) == "KLM482"
    twice = reader.choose([one, one], "KLM482").candidates[0]
    doubled = reader.choose([one], "KLM482", weights=[2]).candidates[0]
    assert twice.probability == pytest.approx(doubled.probability, rel=1e-9)


def test_many_sure_looks_do_not_underflow() -> None:
    reader = decoder()
    looks = [reader.evidence(distributions("KLM482"))] * 400
    looks.append(reader.evidence(distributions("QRT951")))
    read = reader.choose(looks, "QRT951")
    assert read.candidates[0].plate == "KLM482"
    assert read.candidates[0].probability > 0.99
    assert np.isfinite(pool(looks, [1.0] * len(looks))[0].emissions).all()


def test_one_look_is_decoded_as_such() -> None:
    reader = decoder()
    rows = distributions("KLO482", {2: ("Q", 0.3)})
    seen = reader.evidence(rows)
    assert reader.choose([seen], "KLO482") == reader.decode(rows)
    faint = replace(seen, emissions=seen.emissions * 1e-3)
    assert reader.choose([faint], "KLO482").candidates[0].probability == pytest.approx(
        reader.decode(rows).candidates[0].probability, rel=1e-9
    )
