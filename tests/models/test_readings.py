"""Training crops of the reader and its metrics."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from app.lab.synth.crops import draw_crop
from app.lab.synth.plates.plate import draw_plate
from app.nz.formats import format_of
from models.training.common.crops import RealCrop, cut, exact, jittered
from models.training.common.photos import Photo
from models.training.common.slots import ALPHABET, PAD, SLOTS, encode
from models.training.drawing.rendered import (
    BLIND_SHARE,
    character_middles,
    doubled,
    render_crop,
    teaches,
    training_conditions,
    training_spec,
    two_row_spec,
)
from models.training.reader.evaluate import wilson
from models.training.reader.readings import Sources, draw_reading


def test_encode_pads_behind_the_text() -> None:
    classes = encode("KLM48")
    assert "".join(ALPHABET[c] for c in classes) == "KLM48____"


def test_encode_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="10 characters"):
        encode("ABCDEFGHIJ")


def test_a_training_crop_depends_on_its_index_and_seed_alone() -> None:
    first = draw_reading(Sources(), 7, seed=1)
    again = draw_reading(Sources(), 7, seed=1)
    other = draw_reading(Sources(), 8, seed=1)
    assert first.image.shape == (70, 140)
    assert first.image.dtype == np.uint8
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.known.classes, again.known.classes)
    assert not np.array_equal(first.image, other.image)


@pytest.fixture
def photo() -> Photo:
    """A grey wall with a light plate."""
    image = np.full((120, 240, 3), 110, np.uint8)
    image[45:75, 70:160] = 220
    image[52:68, 80:150:12] = 30
    return Photo("drawn", "drawn", image, np.array([[70, 45, 160, 75]], np.float32), ("",))


@pytest.mark.parametrize("source", ["rendered", "lettered", "exchanged"])
def test_places_are_known_for_the_characters_alone_and_run_in_reading_order(
    source: str, photo: Photo
) -> None:
    sources = {
        "rendered": Sources(),
        "lettered": Sources(lettered_share=1.0),
        "exchanged": Sources(photos=[photo], photo_share=1.0),
    }[source]
    for index in range(20):
        reading = draw_reading(sources, index, seed=2)
        characters = int((reading.known.classes != PAD).sum())
        known = ~np.isnan(reading.known.places).any(1)
        assert known.tolist() == [slot < characters for slot in range(SLOTS)]
        x, y = reading.known.places[known].T
        right, down = np.diff(x), np.diff(y)
        assert ((right > 0) | (down > 0.1)).all()


def test_places_of_a_near_plate_stand_apart_inside_the_crop() -> None:
    rng = np.random.default_rng(5)
    crop = next(c for c in (render_crop(rng) for _ in range(50)) if c.image.shape[1] > 150)
    width = crop.image.shape[1]
    gaps = np.diff(np.sort(crop.places[:, 0])) * width
    assert crop.places.shape == (len(crop.text), 2)
    assert (gaps > 4).all()
    assert crop.places.min() > -0.1
    assert crop.places.max() < 1.1


@pytest.mark.parametrize(
    ("text", "name"), [("ABC123", "standard"), ("AB1", "foreign"), ("56TNK", "motorcycle_old")]
)
def test_repeated_characters_stand_beside_each_other_and_keep_the_format(
    text: str, name: str
) -> None:
    rng = np.random.default_rng(8)
    changed = [doubled(text, name, rng) for _ in range(40)]
    assert any(each != text for each in changed)
    for each in changed:
        assert [c.isdigit() for c in each] == [c.isdigit() for c in text]
        assert name == "foreign" or format_of(each) == format_of(text)
        assert each == text or any(a == b for a, b in pairwise(each))


def test_places_are_where_the_renderer_puts_the_characters() -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        spec = training_spec(rng)
        plate = draw_plate(rng, spec, scale=2.0)
        drawn = [((c.x1 + c.x2) / 2, (c.y1 + c.y2) / 2) for c in plate.characters]
        expected = (np.array(drawn) - plate.quad[0]) / 2.0
        across, down = np.abs(character_middles(spec) - expected).max(0)
        assert across < 2
        assert down < 0.2 * spec.layout.height


def test_what_readers_find_hard_is_drawn_often() -> None:
    rng = np.random.default_rng(9)
    specs = [training_spec(rng) for _ in range(600)]
    repeated = [any(3 * c in spec.text for c in spec.text) for spec in specs]
    two_rows = [spec.layout.rows == 2 for spec in specs]
    assert np.mean(repeated) > 0.015
    assert np.mean(two_rows) > 0.12
    assert all(two_row_spec(rng).layout.rows == 2 for _ in range(5))


def test_room_is_left_where_a_plate_is_seen_well() -> None:
    rng = np.random.default_rng(10)
    rooms = np.array([render_crop(rng).room for _ in range(80)])
    assert rooms.min() >= 0
    assert rooms.max() <= 1
    assert (rooms > 0.7).mean() > 0.2
    assert (rooms < 0.4).mean() > 0.03


def test_steep_tilts_are_common_enough_to_be_learned() -> None:
    rng = np.random.default_rng(6)
    rolls = np.array([abs(training_conditions(rng).roll) for _ in range(400)])
    assert 0.1 < (rolls > 12).mean() < 0.35


@pytest.mark.parametrize(
    ("readable", "conditions", "share"),
    [
        (True, (), 1.0),
        (True, ("blur",), 1.0),
        (False, ("covered",), 1.0),  # some of it can be read
        (False, ("blur", "covered"), BLIND_SHARE),
        (False, ("lowres",), BLIND_SHARE),
    ],
)
def test_what_no_eye_can_read_is_rare(
    readable: bool, conditions: tuple[str, ...], share: float
) -> None:
    rng = np.random.default_rng(7)
    _, plate = draw_crop(rng)
    plate = replace(plate, readable=readable, conditions=conditions)
    kept = np.mean([teaches(plate, rng) for _ in range(400)])
    assert kept == pytest.approx(share, abs=0.06)


def test_real_crops_enter_in_their_share_without_places() -> None:
    real = [RealCrop(np.full((40, 90, 3), 90, np.uint8), (5, 5, 85, 35), "ABC123")]
    sources = Sources(real=real, real_share=1.0)
    readings = [draw_reading(sources, i, seed=1) for i in range(3)]
    assert all(np.array_equal(reading.known.classes, encode("ABC123")) for reading in readings)
    assert all(np.isnan(reading.known.places).all() for reading in readings)


def test_cut_keeps_the_labelled_box() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 50:110] = 255
    photo = Photo("drawn", "drawn", image, np.array([[50, 40, 110, 60]], np.float32), ("ABC123",))
    crop = cut(photo, 0)
    assert crop.text == "ABC123"
    assert crop.image.shape[0] > 20
    assert exact(crop).shape == (20, 60, 3)
    assert exact(crop).min() == 255


def test_jitter_stays_inside_and_moves() -> None:
    crop = RealCrop(np.zeros((30, 80, 3), np.uint8), (10, 5, 70, 25), "ABC123")
    rng = np.random.default_rng(0)
    shapes = {jittered(crop, rng).shape for _ in range(20)}
    assert len(shapes) > 5
    assert all(h >= 4 and w >= 4 for h, w, _ in shapes)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_wilson(hits: int, trials: int, low: float, high: float) -> None:
    """Values from the formula of Wilson 1927."""
    assert wilson(hits, trials) == pytest.approx((low, high), abs=1e-4)
