"""The view of the passes that are kept: searched, looked at, and corrected by hand."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests

from tests.console.conftest import KEY, OpenConsole
from tests.pictures import draw_car, encode
from tests.servers import Server, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Route

HOSTILE = "<img src=x onerror=alert(1)>"
AUTH = {"X-API-Key": KEY}


@pytest.fixture(scope="module")
def keeping(
    tmp_path_factory: pytest.TempPathFactory, weights_environment: dict[str, str]
) -> Iterator[Server]:
    """A service that keeps a pass of ABC123, and one of KLM482 of a camera of a hostile name."""
    environment = weights_environment | {
        "ALPR_API_KEYS": KEY,
        "ALPR_STORE": "on",
        "ALPR_STORE_PATH": str(tmp_path_factory.mktemp("store")),
        "ALPR_STORE_PICTURES": "frame",
        "ALPR_DRAIN_SECONDS": "0",
    }
    with Server(environment) as server:
        for text, camera in (("ABC123", "gate"), ("KLM482", HOSTILE)):
            answer = requests.post(
                f"{server.url}/predict/file",
                params={"camera": camera},
                data=encode(draw_car(text), ".jpg"),
                headers=AUTH | {"Content-Type": "image/jpeg"},
                timeout=120,
            )
            assert answer.status_code == 200, answer.text
        assert eventually(lambda: len(passes(server)) == 2)
        yield server


def passes(server: Server) -> list[dict[str, object]]:
    answer = requests.get(f"{server.url}/passes", headers=AUTH, timeout=120)
    found: list[dict[str, object]] = answer.json()["passes"]
    return found


def test_found_and_corrected(open_console: OpenConsole, keeping: Server) -> None:
    console = open_console(server=keeping)
    page = console.page
    console.get_by("link", "Passes").click()
    assert page.title() == "Passes · NZ ALPR"
    rows = page.locator("#kept-rows tr")
    page.locator("#kept-count", has_text="2 passes").wait_for()
    assert HOSTILE in rows.first.inner_text()
    page.get_by_label("Plate", exact=True).fill("ABC12?")
    page.get_by_label("Found as").select_option("wildcard")
    page.get_by_label("From").fill("2026-01-01T00:00")
    page.keyboard.press("Enter")
    page.locator("#kept-count", has_text="1 pass").wait_for()
    rows.first.get_by_role("button").press("Enter")
    for name in ("The plate", "The whole picture"):
        page.locator("#kept").get_by_alt_text(name, exact=True).wait_for()
    field = page.get_by_label("As a person reads it")
    field.fill("one text that no plate can have")
    field.press("Enter")
    page.locator("#kept [role=alert]", has_text="letters and digits").wait_for()
    field.fill("abc 128")
    field.press("Enter")
    page.locator("#announcer", has_text="Kept as").wait_for()
    assert rows.first.locator("td").last.inner_text() == "ABC128"
    assert rows.first.get_by_role("button").inner_text() == "ABC123"  # the reading stays
    assert page.evaluate("document.activeElement.id") == "correction"
    page.get_by_label("By hand").select_option("true")
    console.get_by("button", "Search").click()
    page.locator("#kept-count", has_text="1 pass").wait_for()
    rows.first.get_by_role("button").click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert console.axe() == []
        console.shoot(f"passes-{scheme}")
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert console.overflow() == 0, width
    console.get_by("button", "Take back").click()
    page.locator("#announcer", has_text="Taken back").wait_for()
    assert rows.first.locator("td").last.inner_text() == "\u2013"
    assert all(one["correction"] is None for one in passes(keeping))


def test_pages_and_what_came_since(open_console: OpenConsole, keeping: Server) -> None:
    first, second = passes(keeping)

    def answer(route: "Route") -> None:
        later = "cursor=more" in route.request.url
        body = {"passes": [second], "next": None} if later else {"passes": [first], "next": "more"}
        route.fulfill(json=body)

    def stream(route: "Route") -> None:
        told = json.dumps({"event": "end"})
        event = f"event: new\nid: 1\ndata: {{}}\n\nevent: end\nid: 2\ndata: {told}\n\n"
        route.fulfill(content_type="text/event-stream", body=event)

    console = open_console(server=keeping)
    page = console.page
    page.route("**/passes?*", answer)
    page.route("**/passes/stream", stream)
    console.get_by("link", "Passes").click()
    page.locator("#kept-count", has_text="1 or more passes").wait_for()
    console.get_by("button", "Show more").click()
    page.locator("#kept-rows tr").nth(1).wait_for()
    console.get_by("button", "Show more").wait_for(state="hidden")
    console.get_by("button", "new").first.click()
    page.locator("#kept-rows tr").nth(1).wait_for(state="detached")


def test_a_service_that_keeps_nothing(open_console: OpenConsole) -> None:
    console = open_console()
    console.get_by("link", "Passes").click()
    console.page.get_by_text("ALPR_STORE=on").wait_for()
    assert console.axe() == []
