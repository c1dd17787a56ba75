"""Random serials belong to the formats they are drawn for, in the wanted mix."""

from collections import Counter

import numpy as np
import pytest

from app.lab.synth import FOREIGN, MIXES, draw_format, draw_serial
from app.nz.formats import MAX_LENGTH, format_of
from app.nz.series import SERIES


@pytest.mark.parametrize("name", [entry.name for entry in SERIES])
def test_serial_is_of_its_format(name: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        serial = draw_serial(rng, name)
        found = format_of(serial)
        assert found is not None
        assert found.name == name
        assert len(serial) <= MAX_LENGTH


def test_serials_are_random() -> None:
    rng = np.random.default_rng(4)
    drawn = [draw_serial(rng, "standard") for _ in range(500)]
    assert len(set(drawn)) > 490
    assert set("".join(drawn)) == set("ABCDEFGHJKLMNPQRSTUWYZ0123456789")


def test_small_plates_hold_five() -> None:
    rng = np.random.default_rng(5)
    assert all(len(draw_serial(rng, "personalised", max_length=5)) <= 5 for _ in range(200))


def test_road_mix_follows_the_priors() -> None:
    rng = np.random.default_rng(6)
    counts = Counter(draw_format(rng, "road") for _ in range(4000))
    for entry in SERIES:
        assert counts[entry.name] / 4000 == pytest.approx(entry.prior, abs=0.02)


def test_every_mix_sums_to_one() -> None:
    for weights in MIXES.values():
        assert sum(weights.values()) == pytest.approx(1)


def test_foreign_serials_fit_the_readers_slots() -> None:
    rng = np.random.default_rng(7)
    lengths = {len(draw_serial(rng, FOREIGN)) for _ in range(500)}
    assert min(lengths) >= 4
    assert max(lengths) == 10
