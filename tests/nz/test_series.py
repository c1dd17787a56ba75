"""One table: a series added to it is known to everything that has to do with plates."""

import subprocess
import sys

import pytest

from app.nz.forms import CLASSES, Series
from app.nz.series import PERSONALISED, SERIES
from tests.conftest import REPOSITORY

ADD_A_SERIES = """
import app.nz.series as table
from app.nz.forms import Series

table.SERIES = (
    Series(
        name="hovercraft", words="Hovercraft, invented", since=2030, until=None, source="nobody",
        forms={"XXnXX": 1}, prior=0.01, small_prior=0.01, small_length=4,
        schemes={"white_on_black": 1},
    ),
    *table.SERIES,
)

import numpy as np
from app.api.routes.console import console_files
from app.lab.synth import draw_serial, draw_spec
from app.lab.synth.plates.serials import MIXES
from app.nz.decoder import PlateDecoder
from app.nz.validation import validate
from app.options import parse_formats

assert validate("XX5XX").format == "hovercraft"
assert validate("XX0XX").format == "personalised"
assert "at most 4" in validate("XX5XX", small_plate=True).error

alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
rows = np.full((9, len(alphabet)), 1e-4, np.float32)
rows[range(9), [alphabet.index(character) for character in "XX5XX____"]] = 1
rows[4, alphabet.index("K")] = 0.9
best = PlateDecoder(alphabet, "_", threshold=0.85).decode(rows / rows.sum(1, keepdims=True))
assert (best.candidates[0].plate, best.candidates[0].format) == ("XX5XX", "hovercraft")

rng = np.random.default_rng(0)
assert validate(draw_serial(rng, "hovercraft")).format == "hovercraft"
assert MIXES["road"]["hovercraft"] == 0.01
assert draw_spec(rng, format_name="hovercraft").scheme.name == "white_on_black"
assert parse_formats("hovercraft") == {"hovercraft"}
assert b"Hovercraft, invented" in console_files()["formats.js"].body
"""


def test_a_series_is_added_in_one_place() -> None:
    """In a process of its own, as the modules take the table when they are imported."""
    done = subprocess.run(
        [sys.executable, "-c", ADD_A_SERIES],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.name)
def test_rows_are_complete(series: Series) -> None:
    assert series.words
    assert series.source
    assert min(series.forms.values()) > 0
    assert sum(series.schemes.values()) == pytest.approx(1)
    for form in (*series.forms, *(series.drawn or ())):
        assert all(letter in CLASSES or not letter.islower() for letter in form)
    assert (series.small_length is not None) is (series.name == PERSONALISED)


def test_names_are_distinct() -> None:
    assert len({series.name for series in SERIES}) == len(SERIES)
