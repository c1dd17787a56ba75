"""Width, light, angle and state, in the words of each data set."""

import pytest

from app.lab.evaluation.figures.breakdown import break_down
from app.lab.evaluation.figures.circumstances import BANDS, circumstance, is_easy
from app.lab.evaluation.results import PlateOutcome
from tests.lab.evaluation.builders import plate, read


def wide(width: float, text: str = "ABC123", **tags: str) -> PlateOutcome:
    return PlateOutcome("a.jpg", 0, text, (10, 10, 10 + width, 40), tags, None, None)


@pytest.mark.parametrize(
    ("tags", "light", "angle", "state"),
    [
        ({}, "", "", ""),
        ({"condition": "clear", "angle": "14.9"}, "day", "under 15 deg", "clean"),
        ({"condition": "night;dirt", "angle": "15.0"}, "night", "15 to 29 deg", "dirty or worn"),
        ({"condition": "infrared;covered", "angle": "45"}, "night", "30 deg and more",
         "covered in part"),
        ({"condition": "frontal; day; clean; large(>=100px); black on white"},
         "day", "under 15 deg", "clean"),
        ({"condition": "extreme; dark/low light; dirty/obstructed"},
         "dim", "30 deg and more", "dirty or worn"),
        ({"condition": "moderate; overexposed; clean"}, "glare", "15 to 29 deg", "clean"),
        ({"condition": "hazy/low contrast; tow bar in front"}, "flat", "", "covered in part"),
        ({"light": "night", "angle": "15 to 29 deg", "state": "clean"},
         "night", "15 to 29 deg", "clean"),
    ],
)  # fmt: skip
def test_circumstances(tags: dict[str, str], light: str, angle: str, state: str) -> None:
    one = wide(100, **tags)
    assert [circumstance(one, name) for name in ("light", "angle", "state")] == [
        light,
        angle,
        state,
    ]


def test_width_is_that_of_the_box() -> None:
    names = [circumstance(wide(width), "width") for width in (44.9, 45, 79.9, 80)]
    assert names == [BANDS["width"][0], *[BANDS["width"][1]] * 2, BANDS["width"][2]]
    nowhere = PlateOutcome("a.jpg", 0, "ABC123", None, {}, None, None)
    assert circumstance(nowhere, "width") == ""


def test_bands_come_in_their_order_and_without_what_is_not_known() -> None:
    plates = [
        plate("ABC123", read("ABC123"), tags={"condition": "night"}),
        plate("ABC124", None, tags={"condition": "day"}),
        plate("ABC125", None, tags={"condition": "night"}),
        plate("ABC126", None),
    ]
    groups = break_down(plates, ("light",))["light"]
    assert [(group.name, group.plates) for group in groups] == [("day", 1), ("night", 2)]


@pytest.mark.parametrize(
    ("one", "easy"),
    [
        (wide(60, condition="clear", angle="12"), True),
        (wide(44, condition="clear"), False),
        (wide(60, condition="clear", angle="31"), False),
        (wide(60, condition="motion"), False),
        (wide(60, condition="day; clean; dark"), False),
        (wide(60, condition="worn"), False),
        (wide(60), False),  # who knows
        (wide(60, "AB1234", condition="clear"), False),
        (wide(60, "KIWI", condition="clear"), False),
    ],
)
def test_good_conditions(one: PlateOutcome, easy: bool) -> None:
    assert is_easy(one) == easy
