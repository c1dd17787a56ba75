"""Crops: shape, truth, determinism, and that severity makes them harder."""

import numpy as np
import pytest

from app.lab.synth import Conditions, Severity, draw_conditions, draw_crop, draw_spec
from app.nz.series import SERIES


def test_same_seed_same_pixels() -> None:
    for seed in range(6):
        (one, truth), (two, again) = (
            draw_crop(np.random.default_rng(seed), mix="training") for _ in range(2)
        )
        assert np.array_equal(one, two)
        assert (truth.text, truth.box, truth.conditions) == (
            again.text,
            again.box,
            again.conditions,
        )


def test_other_seed_other_plate() -> None:
    texts = {draw_crop(np.random.default_rng(seed))[1].text for seed in range(10)}
    assert len(texts) == 10


def test_crops_hold_their_plate() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        crop, truth = draw_crop(rng, mix="uniform")
        height, width = crop.shape[:2]
        assert crop.dtype == np.uint8
        assert crop.shape[2] == 3
        x1, y1, x2, y2 = truth.box
        shared = (min(x2, width) - max(x1, 0)) * (min(y2, height) - max(y1, 0))
        assert shared > 0.6 * max((x2 - x1) * (y2 - y1), width * height)
        assert truth.format in {entry.name for entry in SERIES}


@pytest.mark.parametrize(("level", "low", "high"), [("easy", 0, 0.33), ("hard", 0.67, 1)])
def test_severity_is_in_its_band(level: Severity, low: float, high: float) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        _, truth = draw_crop(rng, level)
        assert low <= truth.severity <= high
        assert truth.level == level


@pytest.mark.slow
def test_most_easy_plates_are_readable_and_fewer_hard_ones() -> None:
    rng = np.random.default_rng(4)
    levels: tuple[Severity, ...] = ("easy", "medium", "hard")
    shares = [np.mean([draw_crop(rng, level)[1].readable for _ in range(60)]) for level in levels]
    assert shares[0] > 0.85
    assert shares[0] > shares[1] > shares[2]


def test_severity_out_of_range() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        draw_conditions(np.random.default_rng(0), 1.5)


@pytest.mark.parametrize(
    ("conditions", "readable"),
    [
        (Conditions(severity=0, character_height=24), True),
        (Conditions(severity=0, character_height=6), False),
        (Conditions(severity=0, character_height=24, defocus=0.4), False),
        (Conditions(severity=0, character_height=24, motion=0.8), False),
        (Conditions(severity=0, character_height=24, exposure=0.03), False),
        (Conditions(severity=0, character_height=24, noise=150), False),
        (Conditions(severity=0, character_height=14, yaw=78), False),
    ],
)
def test_readable_follows_the_conditions(conditions: Conditions, readable: bool) -> None:
    rng = np.random.default_rng(5)
    spec = draw_spec(rng, "KLM482", "standard")
    _, truth = draw_crop(rng, spec=spec, conditions=conditions)
    assert truth.readable is readable


def test_tags_name_the_conditions() -> None:
    assert Conditions(severity=0, character_height=30).tags() == ("clear",)
    tags = Conditions(0.5, 10, yaw=40, light="night", glare=0.8, cover="tow_ball").tags()
    assert set(tags) == {"night", "angle", "lowres", "glare", "covered"}
