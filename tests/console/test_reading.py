"""A picture and what was read of it."""

import io
import json

import pytest
from PIL import ExifTags, Image

from tests.console.conftest import KEY, OpenConsole
from tests.pictures import draw_car, encode

PLATE = "KLM482"
BROKEN = b"no picture at all"
HOSTILE = "<img src=x onerror=alert(1)>.jpg"


def test_dropped_picture(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    console.shoot("empty")
    console.drop(("car.jpg", scene))
    console.wait_for_plate(PLATE)
    page = console.page
    page.locator(".cut-out").wait_for()
    assert page.locator(".boxes .chosen").count() == 1
    assert page.locator(".characters li").count() == len(PLATE)
    assert "Standard series" in console.text(".chips")
    assert "Valid" in console.text(".chips")
    assert PLATE in console.text(".candidates li:first-child")
    assert "Finding plates" in console.text(".legend")
    answer = json.loads(console.open_code("json"))
    assert answer["plate"] == PLATE
    curl = console.open_code("curl")
    assert "file=@car.jpg" in curl
    assert KEY not in page.content()
    assert console.text("#announcer").startswith("Read: K L M 4 8 2, ")
    assert page.locator("#list").is_hidden()
    console.shoot("result")


def test_a_damaged_picture_is_said_to_be_one(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    console.choose(("car.jpg", scene))
    console.wait_for_plate(PLATE)
    assert console.page.get_by_text("The picture is damaged").count() == 0
    console.choose(("cut.jpg", scene[:-2]))
    console.page.get_by_text("The picture is damaged").wait_for()
    console.wait_for_plate(PLATE)


@pytest.mark.parametrize("orientation", [1, 6], ids=["upright", "turned by EXIF"])
def test_box_lies_over_the_plate(open_console: OpenConsole, scene: bytes, orientation: int) -> None:
    console = open_console()
    console.choose(("car.jpg", _turned(scene) if orientation == 6 else scene))
    console.wait_for_plate(PLATE)
    console.page.locator(".cut-out").wait_for()  # the last to come: nothing moves any more
    answer = json.loads(console.open_code("json"))
    size, box = answer["image"], answer["plates"][0]["bbox"]
    drawn = console.page.locator(".boxes .line").bounding_box()
    frame = console.page.locator(".frame img").bounding_box()
    assert drawn is not None
    assert frame is not None
    scale = frame["width"] / size["width"]
    assert frame["height"] == pytest.approx(size["height"] * scale, abs=1)
    assert drawn["x"] - frame["x"] == pytest.approx(box["x"] * scale, abs=3)
    assert drawn["y"] - frame["y"] == pytest.approx(box["y"] * scale, abs=3)
    assert drawn["width"] == pytest.approx(box["width"] * scale, abs=6)


def _turned(picture: bytes) -> bytes:
    """The picture lying on its side, with the note in it that puts it upright."""
    image = Image.open(io.BytesIO(picture)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def test_two_plates(open_console: OpenConsole, scene: bytes) -> None:
    first = Image.open(io.BytesIO(scene))
    second = Image.open(io.BytesIO(encode(draw_car("ABC123"), ".png"))).resize(first.size)
    both = Image.new("RGB", (2 * first.width, first.height))
    both.paste(first)
    both.paste(second, (first.width, 0))
    out = io.BytesIO()
    both.save(out, "JPEG", quality=90)
    console = open_console()
    console.choose(("two.jpg", out.getvalue()))
    console.page.locator(".others").wait_for()
    plates = json.loads(console.open_code("json"))["plates"]
    before, after = (
        one["corrected_plate"] or one["validation"]["normalized"] or one["plate"] for one in plates
    )
    assert before != after
    console.wait_for_plate(before)
    other = console.page.locator(".others").get_by_role("button", pressed=False)
    other.press("Enter")
    console.wait_for_plate(after)
    focused = console.page.evaluate("document.activeElement.getAttribute('aria-pressed')")
    assert focused == "true"
    assert console.page.locator(".boxes .box").count() == 2
    assert console.page.locator(".boxes .chosen").count() == 1
    console.shoot("two")
    console.page.locator(".boxes .box:not(.chosen) .line").click()
    console.wait_for_plate(before)


def test_options_go_with_the_picture(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    page = console.page
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Turn clockwise").select_option("180")
    upside_down = io.BytesIO()
    Image.open(io.BytesIO(scene)).rotate(180).save(upside_down, "JPEG", quality=90)
    console.choose(("car.jpg", upside_down.getvalue()))
    console.wait_for_plate(PLATE)
    answer = json.loads(console.open_code("json"))
    assert answer["image"]["rotation"] == 180
    assert "rotate=180" in console.open_code("curl")
    console.shoot("options")
    page.get_by_label("Only of the series").fill("trade")
    console.choose(("car.jpg", upside_down.getvalue()))
    page.locator("#result .remark", has_text=f"{PLATE} (of another series)").wait_for()


def test_a_cut_plate_is_not_called_valid(open_console: OpenConsole) -> None:
    console = open_console(key=None)
    console.page.evaluate("document.body.classList.remove('empty')")
    item = _corrected_item()
    answer = item["answer"]
    assert isinstance(answer, dict)
    answer["plates"][0] |= {"cut": True, "correction": None, "corrected_plate": None}
    console.call("result.js", "module.showResult(argument, 0, {})", item)
    assert "Cut by the edge" in console.text(".chips")
    assert "Valid" not in console.text(".chips")


def test_picture_the_browser_cannot_show(open_console: OpenConsole, scene: bytes) -> None:
    out = io.BytesIO()
    Image.open(io.BytesIO(scene)).save(out, "TIFF")
    console = open_console()
    console.choose(("car.tiff", out.getvalue()))
    console.wait_for_plate(PLATE)
    console.page.get_by_text("This browser cannot show the file.").wait_for()
    assert console.page.locator(".boxes .chosen").count() == 1
    assert console.page.locator(".cut-out").count() == 0


def test_broken_file(open_console: OpenConsole) -> None:
    console = open_console()
    console.drop((HOSTILE, BROKEN))
    alert = console.page.locator("#result [role=alert]")
    alert.wait_for()
    assert "The data is not an image the service knows." in alert.inner_text()
    console.page.get_by_text("This browser cannot show the file.").wait_for()
    assert HOSTILE in console.text("#stage .name")
    console.shoot("broken")
    alert.get_by_role("button", name="Try again").click()
    alert.wait_for()


def test_correction_is_explained(open_console: OpenConsole) -> None:
    """What a correction looks like, whatever the networks make of any picture."""
    console = open_console(key=None)
    console.page.evaluate("document.body.classList.remove('empty')")
    console.call("result.js", "module.showResult(argument, 0, {})", _corrected_item())
    console.wait_for_plate(PLATE)
    assert "Corrected" in console.text(".chips")
    assert "KLM482 is the most probable plate." in console.text("#result")
    assert "Character 6: Z became 2" in console.text(".changes")
    assert console.page.locator(".characters .changed").count() == 1
    assert console.page.locator(".characters .low").count() == 1
    console.shoot("corrected")


def _corrected_item() -> dict[str, object]:
    change = {"position": 5, "read": "Z", "corrected": "2", "kind": "substitution"}
    plate = {
        "plate": "KLM48Z",
        "confidence": 0.86,
        "char_confidences": [0.99, 0.98, 0.97, 0.99, 0.93, 0.41],
        "plate_confidence": 0.99,
        "text_confidence": 0.9,
        "detection_confidence": 0.9,
        "bbox": {"x": 10, "y": 10, "width": 90, "height": 30},
        "region": None,
        "validation": {
            **{"valid": True, "normalized": "KLM48Z", "format": "personalised"},
            **{"error": None, "warning": None},
        },
        "corrected_plate": PLATE,
        "correction": {
            **{"changes": [change], "format": "standard", "probability": 0.995},
            "reason": "KLM482 is the most probable plate",
        },
        "candidates": [{"plate": PLATE, "format": "standard", "probability": 0.995}],
    }
    timings = {"queue": 0.1, "decode": 5, "detect": 60, "ocr": 9, "interpret": 1, "total": 75.1}
    answer = {"plates": [plate], "image": {"width": 640, "height": 480}, "timings_ms": timings}
    return {"name": "car.jpg", "state": "done", "roundTrip": 80, "answer": answer}
