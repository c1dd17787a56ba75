from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.nz.forms import Series
from app.nz.grammar import Shape, plate_shapes
from app.nz.series import SERIES


def fits(plate: str, shape: Shape) -> bool:
    return len(plate) == len(shape.classes) and all(
        character in members for character, members in zip(plate, shape.classes, strict=True)
    )


@pytest.mark.parametrize("entry", SERIES, ids=lambda entry: entry.name)
@settings(max_examples=150)
@given(data=st.data())
def test_every_plate_of_a_pattern_has_a_shape(entry: Series, data: st.DataObject) -> None:
    plate = data.draw(st.from_regex(entry.pattern, fullmatch=True))
    shapes = plate_shapes(furthest_issued="RP", small_plate=False)
    assert any(fits(plate, shape) for shape in shapes if shape.format == entry.name)


@pytest.mark.parametrize("furthest", ["RP", "CEA"])
def test_every_plate_of_a_shape_fits_the_pattern(furthest: str) -> None:
    patterns = {entry.name: entry.pattern for entry in SERIES}
    for shape in plate_shapes(furthest_issued=furthest, small_plate=False):
        # A pattern treats the members of one position alike, so first and last of each suffice.
        for plate in product(*((members[0], members[-1]) for members in shape.classes)):
            assert patterns[shape.format].fullmatch("".join(plate))


@pytest.mark.parametrize("furthest", ["RP", "R", "CEA"])
@pytest.mark.parametrize(
    "plate", ["AAA1", "CEA1", "CEB1", "RNZ1", "RPA1", "RPZ1", "RQA1", "SAA1", "ZZZ1"]
)
def test_standard_plates_are_cut_once_at_the_furthest_issued(plate: str, furthest: str) -> None:
    shapes = plate_shapes(furthest_issued=furthest, small_plate=False)
    (shape,) = (s for s in shapes if s.format == "standard" and fits(plate, s))
    issued = plate[: len(furthest)] <= furthest
    usual = plate_shapes(furthest_issued="ZZZ", small_plate=False)
    even = next(s.plate_prior for s in usual if s.format == "standard" and fits(plate, s))
    assert (shape.plate_prior > even) is issued


@pytest.mark.parametrize("furthest", ["", "RO", "rp", "R1", "RPAA"])
def test_prefix_that_no_standard_plate_has(furthest: str) -> None:
    with pytest.raises(ValueError, match="no prefix"):
        plate_shapes(furthest_issued=furthest, small_plate=False)


def test_small_plates_have_short_personalised_serials() -> None:
    shapes = plate_shapes(furthest_issued="RP", small_plate=True)
    lengths = {len(shape.classes) for shape in shapes if shape.format == "personalised"}
    assert lengths == {1, 2, 3, 4, 5}
