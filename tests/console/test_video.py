"""A video: its passes on a time line, and what decided each of them."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_video import passing_car
from tests.console.conftest import OpenConsole
from tests.video.clips import write_clip

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.console.browser import Console

PLATES = ("ABC123", "KLM482")
HOSTILE = "<img src=x onerror=alert(1)>"
FPS = 5


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two cars, one after the other, in a file that Chromium can show."""
    frames = [frame for text in PLATES for frame in passing_car(text, 8, fps=FPS)]
    return write_clip(tmp_path_factory.mktemp("video") / "gate.webm", frames, FPS).read_bytes()


def test_dropped_video(open_console: OpenConsole, clip: bytes) -> None:
    console = open_console()
    page = console.page
    console.drop(("gate.webm", clip))
    page.locator(".time-line .told", has_text="2 vehicles in 16 frames").wait_for()
    console.wait_for_plate(PLATES[0])
    _wait_for_box(console)
    passes = json.loads(console.open_code("json"))["passes"]
    assert [one["plate"] for one in passes] == list(PLATES)
    assert "predict/video?crops=true" in console.open_code("curl")
    second = page.locator(".time-line ol button").nth(1)
    second.press("Enter")
    console.wait_for_plate(PLATES[1])
    assert second.get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    shown, text = passes[1], console.text("#result")
    assert f"{shown['agreeing']} of {shown['reads']} reads" in text
    assert "right (" in text
    assert page.locator(".raw-reads li").count() == len(shown["raw_reads"])
    assert page.locator(".candidates .text").first.inner_text() == PLATES[1]
    assert page.locator(".hero img.cut-out").evaluate("(crop) => crop.naturalWidth") > 0
    assert _wait_for_box(console) == pytest.approx(shown["best"]["at_s"], abs=0.5 / FPS)
    assert console.text("#announcer").startswith("Read: A B C 1 2 3, ")
    console.shoot("video")
    assert console.axe() == []
    page.emulate_media(color_scheme="dark")
    assert console.axe() == []
    page.set_viewport_size({"width": 320, "height": 740})
    assert console.overflow() == 0
    console.shoot("video-320")


def _wait_for_box(console: "Console") -> float:
    """Wait until the box lies over its frame; the seconds where the video stands."""
    console.page.locator(".frame video + .boxes .chosen").wait_for()
    seconds: float = console.page.locator(".frame video").evaluate("(video) => video.currentTime")
    return seconds


def test_cancelled_and_read_again(open_console: OpenConsole, clip: bytes, scene: bytes) -> None:
    console = open_console()
    page = console.page
    with page.expect_request("**/predict/video*"):
        page.route("**/predict/video*", lambda route: None)  # arrives, and nothing comes back
        console.drop(("gate.webm", clip), ("other.webm", clip), ("car.jpg", scene))
    page.locator("#progress-text", has_text="1 of 3 files read").wait_for()
    console.get_by("button", "other.webm").click()
    console.get_by("button", "Cancel").click()  # that waits for its turn
    console.get_by("button", "gate.webm").click()
    with page.expect_event("requestfailed") as ended:
        console.get_by("button", "Cancel").click()
    assert "predict/video" in ended.value.url
    page.locator("#result", has_text="Nothing was read before.").wait_for()
    console.get_by("button", "car.jpg").click()
    console.wait_for_plate("KLM482")
    console.get_by("button", "gate.webm").click()
    page.locator("#result", has_text="Nothing was read before.").wait_for()
    assert console.text("#progress-text") == "1 of 3 files read, 2 cancelled"
    page.unroute("**/predict/video*")
    console.get_by("button", "Try again").click()
    page.locator(".time-line .text", has_text=PLATES[0]).wait_for()


def test_what_is_no_video(open_console: OpenConsole) -> None:
    console = open_console()
    console.choose(("gate.mp4", b"no video at all"))
    alert = console.page.locator("#result [role=alert]")
    alert.wait_for()
    assert "The video was not read" in alert.inner_text()
    console.page.get_by_text("This browser cannot show the file.").wait_for()
    assert console.get_by("button", "Try again").is_visible()


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ('{"event": "error", "detail": "the network failed", "code": "x"}\n', "The network failed"),
        ('{"event": "resu', "The connection broke off before the end of the video."),
    ],
    ids=["error", "cut off"],
)
def test_reading_that_fails_on_the_way(open_console: OpenConsole, last: str, said: str) -> None:
    """What was read by then stays, and is text whatever it says."""
    lines = [
        {"event": "progress", "at_s": 0.2, "duration_s": 3.2, "frames_read": 1, "plates": 1},
        {"event": "new", "at_s": 0.2, "pass": passing(HOSTILE)},
    ]
    body = "".join(f"{json.dumps(line)}\n" for line in lines) + last

    def answer(route: "Route") -> None:
        route.fulfill(status=200, content_type="application/x-ndjson", body=body)

    console = open_console()
    console.page.route("**/predict/video*", answer)
    console.choose(("gate.mp4", b"?"))
    alert = console.page.locator("#result [role=alert]")
    alert.wait_for()
    assert "The video was not read to its end" in alert.inner_text()
    assert said in alert.inner_text()
    assert console.text(".time-line .text") == HOSTILE
    assert HOSTILE in console.text(".raw-reads")
    assert "standing" in console.text("#result")


def passing(plate: str) -> dict[str, Any]:
    """A pass as the service tells it, standing and without any detail."""
    validation = {"valid": False, "normalized": "", "format": None, "error": None, "warning": None}
    box = {"x": 10, "y": 10, "width": 90, "height": 30}
    best = {"at_s": 0.2, "bbox": box, "confidence": 0.7, "detection_confidence": 0.8, "crop": None}
    return {
        **{"id": "1", "plate": plate, "confidence": 0.6, "validation": validation},
        **{"candidates": [], "first_seen_s": 0.0, "last_seen_s": 0.2, "raw_reads": {plate: 2}},
        **{"frames": 2, "reads": 2, "agreeing": 2, "best": best},
        "direction": {"degrees": None, "motion": "steady"},
    }
