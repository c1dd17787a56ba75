"""The view of the cameras: what they see, who passes, and what is said where there are none."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.console.conftest import KEY, OpenConsole
from tests.console.test_video import passing
from tests.servers import Server, eventually
from tests.video.cameras import MjpegCamera
from tests.video.test_cameras import car_jpegs

if TYPE_CHECKING:
    from playwright.sync_api import Route

PLATE = "ABC123"


@pytest.fixture(scope="module")
def watching(
    tmp_path_factory: pytest.TempPathFactory, weights_environment: dict[str, str]
) -> Iterator[Server]:
    """A service with a camera that cars pass, and one that is not there."""
    file = tmp_path_factory.mktemp("cameras") / "cameras.yml"
    with MjpegCamera(car_jpegs(PLATE), fps=5) as camera:
        file.write_text(
            f"cameras:\n  gate:\n    source: {camera.url}\n    crops: true\n"
            "  absent:\n    source: rtsp://127.0.0.1:9/\n"
        )
        environment = weights_environment | {
            "ALPR_API_KEYS": KEY,
            "ALPR_CAMERAS_FILE": str(file),
            "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
            "ALPR_DRAIN_SECONDS": "0",
        }
        with Server(environment) as server:
            yield server


def test_cameras(open_console: OpenConsole, watching: Server) -> None:
    console = open_console(server=watching)
    page = console.page
    console.get_by("link", "Cameras").click()
    assert page.title() == "Cameras · NZ ALPR"
    gate = page.locator("#cameras > li", has_text="gate")
    gate.locator(".good", has_text="Live").wait_for()
    gate.get_by_alt_text("What gate sees").wait_for()
    seen = gate.locator("img").get_attribute("src")
    page.wait_for_function(
        "(seen) => document.querySelector('#cameras img').src !== seen", arg=seen
    )
    absent = page.locator("#cameras > li", has_text="absent")
    absent.locator(".bad", has_text="Lost").wait_for()
    rows = page.locator("#pass-rows tr")
    rows.last.get_by_text(PLATE).wait_for()
    cut_out = page.locator("#pass img.cut-out")

    def choose_newest() -> bool:
        rows.first.get_by_role("button").press("Enter")
        return cut_out.count() == 1

    # What was over before the page opened is known from the camera, without its picture.
    assert eventually(choose_newest)
    page.locator("#pass .hero").get_by_role("img", name=re.compile("Plate A B C")).wait_for()
    chosen = page.locator("#pass-rows tr.chosen")
    rows.nth(rows.count()).wait_for()  # the next pass comes of itself
    assert chosen.get_by_role("button").get_attribute("aria-current") == "true"
    page.locator("#announcer", has_text="gate: A B C 1 2 3").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert console.axe() == []
        console.shoot(f"cameras-{scheme}")
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert console.overflow() == 0, width
        console.shoot(f"cameras-{width}")


def test_the_stream_comes_back(open_console: OpenConsole) -> None:
    """A stream that is cut off is asked for again, from the last event on."""
    told = {"event": "new", "camera": "gate", "at_s": 1, "pass": passing("KLM482")}
    told |= dict.fromkeys(("at", "first_seen", "last_seen"), "2026-11-27T01:02:03Z")
    body = f"event: new\nid: run-7\ndata: {json.dumps(told)}\n\n"
    places: list[str | None] = []
    is_back = False

    def answer(route: "Route") -> None:
        places.append(route.request.headers.get("last-event-id"))
        if len(places) == 1:
            route.fulfill(status=200, content_type="text/event-stream", body=body)
        elif is_back:
            route.continue_()
        else:
            route.abort()

    console = open_console()
    page = console.page
    page.route("**/passes/stream", answer)
    page.route("**/cameras", lambda route: route.abort())
    console.get_by("link", "Cameras").click()
    page.locator("#cameras-note", has_text="Trying again").wait_for()
    state = page.locator("#stream-state")
    state.filter(has_text="Connection lost").wait_for(state="attached")
    is_back = True
    page.unroute("**/cameras")
    state.filter(has_text="As they come").wait_for(state="attached")
    page.locator("#cameras-note", has_text="No camera is watched").wait_for()
    assert "KLM482" in (page.locator("#pass-rows").text_content() or "")
    assert places[:2] == [None, "run-7"]
    assert set(places[1:]) == {"run-7"}


def test_no_cameras(open_console: OpenConsole) -> None:
    console = open_console(key=None, at="/#cameras")
    console.page.locator("#cameras-note").get_by_role("button", name="Enter key").click()
    field = console.page.get_by_label("The key this service was started with")
    field.fill(KEY)
    field.press("Enter")
    console.page.locator("#cameras-note", has_text="ALPR_CAMERAS_FILE").wait_for()
