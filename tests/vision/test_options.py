"""What a request may choose beyond how hard to look."""

import cv2
import numpy as np
import pytest

from app.config import Settings
from app.options import ReadQuery, parse_region
from app.vision.detection.exhaustive import find_all
from app.vision.detection.slicing import is_same_plate
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.rotation import QUARTERS, Rotate, turns
from app.vision.selection import Selection
from app.vision.types import Box, Frame
from tests.pictures import draw_car

PLATE = Box(235, 290, 405, 351)


def _options(**changes: object) -> ReadOptions:
    return ReadQuery.model_validate(changes).options(Settings())


@pytest.fixture(scope="module")
def two(car: Frame) -> Frame:
    """ABC123 on the left, KLM482 on the right."""
    return np.hstack([car, draw_car("KLM482")])


@pytest.mark.parametrize("degrees", QUARTERS)
def test_boxes_come_back_from_a_turn(degrees: int) -> None:
    frame = np.zeros((40, 60, 3), np.uint8)
    frame[7, 11] = frame[9, 30] = 255
    _, *others = turns(frame, "auto")
    for turn in (turns(frame, "0")[0], *others):
        rows, columns = np.nonzero(turn.frame(frame)[:, :, 0])
        box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        assert turn.back(box) == Box(11, 7, 31, 10)
    assert [turn.degrees for turn in turns(frame, str(degrees))] == [degrees]  # type: ignore[arg-type]


def _sent(frame: Frame, degrees: int) -> tuple[Frame, Box]:
    """A picture that has to be turned that far to be upright, and its plate's place in it."""
    (away,) = turns(frame, str((360 - degrees) % 360))  # type: ignore[arg-type]
    sent = away.frame(frame)
    (home,) = turns(sent, str(degrees))  # type: ignore[arg-type]
    return sent, home.back(PLATE)


@pytest.mark.parametrize("degrees", QUARTERS)
@pytest.mark.parametrize("auto", [False, True])
def test_a_turned_camera(pipeline: PlatePipeline, car: Frame, degrees: int, auto: bool) -> None:
    sent, place = _sent(car, degrees)
    rotate = "auto" if auto else str(degrees)
    result = pipeline.read_frame(sent, _options(rotate=rotate, min_height=30))
    (plate,) = result.plates
    assert (plate.characters.text, result.rotation) == ("ABC123", degrees)
    assert is_same_plate(plate.detection.box, place)
    assert (result.height, result.width) == sent.shape[:2]
    if auto:  # no further pass once a look convinces
        assert result.passes == 1 + QUARTERS.index(degrees)


def test_a_deadline_ends_the_search_for_the_rotation(pipeline: PlatePipeline, car: Frame) -> None:
    sent, _ = _sent(car, 270)
    options = _options(rotate="auto")
    result = pipeline.read_frame(sent, options, slice_until=-np.inf)
    assert (result.rotation, result.passes) == (0, 1)
    assert result.skipped_passes >= 3


def test_a_region_leaves_the_others_unread(pipeline: PlatePipeline, two: Frame) -> None:
    left = pipeline.read_frame(two, _options(region="0,0 .5,0 .5,1 0,1"))
    assert [plate.characters.text for plate in left.plates] == ["ABC123"]
    ((other,), reasons) = (left.excluded, left.rejected)
    assert (other.reason, other.reading, reasons["region"]) == ("region", None, 1)
    assert is_same_plate(other.detection.box, PLATE.moved(640, 0))
    assert len(pipeline.read_frame(two, _options()).plates) == 2


def test_the_region_is_of_the_picture_as_sent(pipeline: PlatePipeline, two: Frame) -> None:
    sent = cv2.rotate(two, cv2.ROTATE_180).astype(np.uint8)
    result = pipeline.read_frame(sent, _options(rotate="180", region="0,0,.5,0,.5,1,0,1"))
    assert [plate.characters.text for plate in result.plates] == ["KLM482"]


def test_low_plates_and_other_formats_are_left_out(pipeline: PlatePipeline, two: Frame) -> None:
    low = pipeline.read_frame(two, _options(min_height=200))
    assert (low.plates, low.rejected["min_height"]) == ((), 2)
    some = pipeline.read_frame(two, _options(formats="standard, trade"))
    assert len(some.plates) == 2
    none = pipeline.read_frame(two, _options(formats="trade"))
    assert none.plates == ()
    read = {e.reading.raw for e in none.excluded if e.reading and e.reason == "format"}
    assert read == {"ABC123", "KLM482"}
    assert none.rejected["format"] == 2


def test_a_cut_plate_is_of_no_format(pipeline: PlatePipeline, car: Frame) -> None:
    cut = np.ascontiguousarray(car[:, 300:])
    assert pipeline.read_frame(cut, _options()).plates[0].cut
    assert pipeline.read_frame(cut, _options(formats="personalised")).plates == ()


@pytest.mark.parametrize("degrees", [0, 90])
def test_crops_are_upright(pipeline: PlatePipeline, car: Frame, degrees: int) -> None:
    sent, _ = _sent(car, degrees)
    (plate,) = pipeline.read_frame(sent, _options(crops=True, rotate=str(degrees))).plates
    assert plate.picture is not None
    crop = cv2.imdecode(np.frombuffer(plate.picture, np.uint8), cv2.IMREAD_COLOR)
    assert crop is not None
    assert crop.shape[1] > 2 * crop.shape[0]
    assert pipeline.recognizer.read([crop.astype(np.uint8)])[0].text == "ABC123"


@pytest.mark.parametrize("rotate", ["90", "auto"])
def test_redaction_covers_plates_of_a_turned_camera(
    pipeline: PlatePipeline, car: Frame, rotate: Rotate
) -> None:
    sent, place = _sent(car, 90)
    found = find_all(pipeline.detector, sent, 0.1, rotate=rotate)
    assert any(is_same_plate(detection.box, place) for detection in found)
    upright = find_all(pipeline.detector, sent, 0.1)
    assert set(upright) <= set(found)


@pytest.mark.parametrize(
    "region",
    [
        *("0,0,1,0", "0,0,1,0,1", "0,0,1,0,2,1", "0,0,1,0,nan,1", "a,b,c", "0,0,.5,.5,1,1"),
        " ".join(["0,0", "1,0", "1,1"] * 22),
    ],
)
def test_regions_that_are_none(region: str) -> None:
    for model in (ReadQuery, Settings):
        with pytest.raises(ValueError, match="region"):
            model.model_validate({"region": region})


def test_settings_are_the_defaults_and_can_be_overruled() -> None:
    chosen: dict[str, object] = {"region": "0,0,1,0,1,1", "min_height": 20, "formats": "trade"}
    chosen |= {"masks": "0,0,1,0,1,.1;0,1,1,1,1,.9"}
    settings = Settings.model_validate(chosen | {"rotate": "90", "crops": True})
    options = ReadQuery().options(settings)
    corners = parse_region("0,0,1,0,1,1")
    assert options.selection == Selection(
        corners,
        20,
        frozenset({"trade"}),
        (parse_region("0,0,1,0,1,.1"), parse_region("0,1,1,1,1,.9")),
    )
    assert (options.rotate, options.crops) == ("90", True)
    nothing = {
        "region": "",
        "masks": "",
        "min_height": 0,
        "formats": "",
        "rotate": "0",
        "crops": False,
    }
    assert ReadQuery.model_validate(nothing).options(settings) == _options()
