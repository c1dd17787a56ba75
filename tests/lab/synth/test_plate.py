"""Clean plates: what is drawn where."""

from itertools import pairwise

import numpy as np
import pytest

from app.lab.synth import PlateImage, draw_plate, draw_spec
from app.lab.synth.plates.design import rows_of
from app.lab.synth.plates.typefaces import CAP, Typeface, letter
from app.nz.series import SERIES


@pytest.fixture(params=[entry.name for entry in SERIES])
def plates(request: pytest.FixtureRequest) -> list[PlateImage]:
    rng = np.random.default_rng(11)
    return [draw_plate(rng, draw_spec(rng, format_name=request.param), scale=1.0) for _ in range(8)]


def test_shapes_and_types(plates: list[PlateImage]) -> None:
    for plate in plates:
        height, width = plate.alpha.shape
        assert plate.image.shape == (height, width, 3)
        assert plate.image.dtype == plate.alpha.dtype == plate.ink.dtype == np.uint8
        assert plate.alpha.max() == 255
        assert np.all(plate.quad >= 0)
        assert np.all(plate.quad <= (width, height))


def test_every_character_is_inked_inside_the_plate(plates: list[PlateImage]) -> None:
    for plate in plates:
        assert "".join(c.text for c in plate.characters) == plate.spec.text
        for c in plate.characters:
            x1, y1, x2, y2 = (round(v) for v in (c.x1, c.y1, c.x2, c.y2))
            assert plate.quad[0, 0] <= x1 < x2 <= plate.quad[1, 0]
            assert plate.quad[0, 1] <= y1 < y2 <= plate.quad[2, 1]
            assert plate.ink[y1:y2, x1:x2].mean() > 20


def test_characters_do_not_touch(plates: list[PlateImage]) -> None:
    for plate in plates:
        first = len(rows_of(plate.spec)[0])
        for row in (plate.characters[:first], plate.characters[first:]):
            for left, right in pairwise(row):
                assert left.x2 <= right.x1 + 3  # a slash may reach out of its zero


def test_ink_differs_from_ground(plates: list[PlateImage]) -> None:
    for plate in plates:
        grey = plate.image.mean(axis=2)
        inside = plate.ink > 250
        assert abs(grey[inside].mean() - np.mean(plate.spec.scheme.ink)) < 25
        assert abs(np.mean(plate.spec.scheme.ground) - grey[inside].mean()) > 60


def test_a_given_text_is_drawn() -> None:
    rng = np.random.default_rng(0)
    spec = draw_spec(rng, "KLM482", "standard")
    assert spec.text == "KLM482"
    assert draw_spec(rng, "X123", "trade").scheme.name == "trade_yellow"
    with pytest.raises(ValueError, match="format"):
        draw_spec(rng, "KLM482")


def test_typeface_changes_with_dfn() -> None:
    rng = np.random.default_rng(1)
    before = [draw_spec(rng, "DFM100", "standard").face for _ in range(40)]
    after = [draw_spec(rng, "DFN100", "standard").face for _ in range(40)]
    thin = max(face.pen for face in before if face.font == "drawn")
    heavy = min(face.pen for face in after if face.font == "drawn")
    assert thin <= heavy
    assert not any(face.forms == "serifed" for face in before)
    assert any(face.forms == "serifed" for face in after)


@pytest.mark.parametrize("font", ["drawn", "OSP-DIN.ttf", "routed-gothic.ttf", "RG2014D.ttf"])
def test_zero_is_slashed(font: str) -> None:
    plain, slashed = (
        letter(Typeface(font, 0.6, 0.12 if font == "drawn" else 0.0, slash=slash), "0")
        for slash in ("none", "inside")
    )
    middle = np.s_[CAP // 2 - 8 : CAP // 2 + 8, plain.shape[1] // 2 - 8 : plain.shape[1] // 2 + 8]
    assert plain[middle].mean() < 40
    assert slashed[middle].mean() > 120


def test_letters_differ_from_each_other() -> None:
    face = Typeface("drawn", 0.58, 0.13)
    shapes = {c: letter(face, c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"}
    for a, one in shapes.items():
        assert one.shape[0] == CAP
        for b, other in shapes.items():
            if a < b and one.shape == other.shape:
                assert np.mean(np.abs(one.astype(int) - other)) > 3, (a, b)
