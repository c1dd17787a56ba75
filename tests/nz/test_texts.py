from itertools import product
from math import prod

import numpy as np
import pytest

from app.nz.texts import FORMS, LENGTHS, text_likelihood, text_prior

SIZES = {"A": 26, "0": 10}


@pytest.mark.parametrize("length", range(1, len(LENGTHS) + 1))
def test_all_texts_of_a_length_share_its_probability(length: int) -> None:
    kinds = ["".join(each) for each in product("A0", repeat=length)]
    total = sum(text_prior(each) * prod(SIZES[kind] for kind in each) for each in kinds)
    assert total == pytest.approx(LENGTHS[length - 1])


def test_the_likelihood_is_the_sum_over_all_texts() -> None:
    letters, digits, padding = np.random.default_rng(0).uniform(0.01, 1, (3, 9))
    means = {"A": letters, "0": digits}
    expected = sum(
        text_prior("".join(kinds))
        * prod(SIZES[kind] * means[kind][slot] for slot, kind in enumerate(kinds))
        * prod(padding[length:])
        for length in range(1, 10)
        for kinds in product("A0", repeat=length)
    )
    assert text_likelihood(letters, digits, padding) == pytest.approx(expected)


@pytest.mark.parametrize("form", FORMS)
def test_a_plate_of_a_known_series_is_likelier_than_other_writing(form: str) -> None:
    turned = next(t for i in range(1, 7) if (t := form[i:] + form[:i]) not in FORMS)
    assert text_prior(form) > 2 * text_prior(turned)


def test_no_text() -> None:
    assert text_prior("") == text_prior("A" * (len(LENGTHS) + 1)) == 0
