"""The views of passes, lists, gates and deliveries, and of keys that may not see them."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.console.conftest import OpenConsole
from tests.console.keeping import AUTH, GUARD, HOSTILE, READER, Keeping, keeping_service
from tests.passes.receivers import Reply
from tests.servers import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.console.browser import Console


@pytest.fixture(scope="module")
def keeping(
    tmp_path_factory: pytest.TempPathFactory, light_environment: dict[str, str]
) -> Iterator[Keeping]:
    with keeping_service(tmp_path_factory.mktemp("keeping"), light_environment) as service:
        yield service


def look_everywhere(console: "Console", name: str) -> None:
    """Both schemes, and two phones."""
    page = console.page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert console.axe() == []
        console.shoot(f"{name}-{scheme}")
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert console.overflow() == 0, width
        console.shoot(f"{name}-{width}")
    page.set_viewport_size({"width": 1280, "height": 860})


def test_found_and_corrected(open_console: OpenConsole, keeping: Keeping) -> None:
    console = open_console(server=keeping.server)
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
    page.locator("#kept").wait_for(state="hidden")  # what was found before is gone
    page.locator("#kept-count", has_text="1 pass").wait_for()
    rows.first.get_by_role("button").click()
    look_everywhere(console, "passes")
    console.get_by("button", "Take back").click()
    page.locator("#announcer", has_text="Taken back").wait_for()
    assert rows.first.locator("td").last.inner_text() == "\u2013"
    assert all(one["correction"] is None for one in keeping.passes())


def test_pages_and_what_came_since(open_console: OpenConsole, keeping: Keeping) -> None:
    first, second = keeping.passes()

    def answer(route: "Route") -> None:
        later = "cursor=more" in route.request.url
        body = {"passes": [second], "next": None} if later else {"passes": [first], "next": "more"}
        route.fulfill(json=body)

    def stream(route: "Route") -> None:
        told = json.dumps({"event": "end"})
        event = f"event: new\nid: 1\ndata: {{}}\n\nevent: end\nid: 2\ndata: {told}\n\n"
        route.fulfill(content_type="text/event-stream", body=event)

    console = open_console(server=keeping.server)
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


def test_a_search_while_a_correction_is_saved(open_console: OpenConsole, keeping: Keeping) -> None:
    console = open_console(server=keeping.server)
    page = console.page
    held: list[Route] = []

    def hold(route: "Route") -> None:
        held.append(route)

    page.route("**/passes/*/correction", hold)
    console.get_by("link", "Passes").click()
    page.locator("#kept-rows tr").first.get_by_role("button").click()
    page.get_by_label("As a person reads it").press("Enter")
    page.get_by_role("textbox", name="Camera").fill("a camera without passes")
    console.get_by("button", "Search").click()
    page.locator("#kept-count", has_text="0 passes").wait_for()
    held[0].fulfill(json=keeping.passes()[0])
    page.locator("#announcer", has_text="Kept as").wait_for()
    assert page.locator("#kept").is_hidden()


def test_lists_from_the_first_plate_to_the_gate(
    open_console: OpenConsole, keeping: Keeping, tmp_path: Path
) -> None:
    console = open_console(server=keeping.server)
    page = console.page
    console.get_by("link", "Lists").press("Enter")
    assert page.title() == "Lists · NZ ALPR"
    console.get_by("button", "New list").press("Enter")
    page.keyboard.type("no name")
    page.keyboard.press("Enter")
    page.locator("#listed [role=alert]", has_text="letters, digits").wait_for()
    page.get_by_label("Name", exact=True).fill("residents")
    page.get_by_label("Description").fill(HOSTILE)
    page.keyboard.press("Enter")
    page.locator("#announcer", has_text="residents is saved").wait_for()

    console.get_by("button", "Add a plate").press("Enter")
    page.keyboard.type("abc 123")
    page.get_by_label("Owner").fill(HOSTILE)
    page.get_by_label("Hours of the week").fill("someday")
    page.keyboard.press("Enter")
    page.locator("#listed form [role=alert]", has_text="hours").wait_for()
    page.get_by_label("Hours of the week").fill("daily 00:00-24:00")
    page.get_by_label("Valid until").fill("2099-12-31T18:30")
    page.get_by_label("Cameras, with").fill("gate; yard")
    page.get_by_label("Notes").fill("second car")
    console.get_by("button", "Save plate").click()
    row = page.locator("#entry-rows tr")
    row.get_by_text("second car").wait_for()
    page.locator("#list-rows td", has_text="1").wait_for()
    (entry,) = keeping.get("lists/residents/entries")["entries"]
    assert (entry["plate"], entry["owner"], entry["cameras"]) == (
        "ABC123",
        HOSTILE,
        ["gate", "yard"],
    )

    row.get_by_role("button").press("Enter")
    page.get_by_label("Notes").fill("moved")
    console.get_by("button", "Save plate").click()
    row.get_by_text("moved").wait_for()
    (changed,) = keeping.get("lists/residents/entries")["entries"]
    assert changed["valid_until"] == entry["valid_until"]
    assert changed["notes"] == "moved"

    file = tmp_path / "cars.csv"
    file.write_text("rego,colour,owner\nKLM482,red,=1+1\n")
    page.get_by_label("File", exact=True).set_input_files(file)
    console.get_by("button", "Import file").click()
    page.locator("#listed .hint", has_text="1 added, 0 changed, 0 as before").wait_for()
    assert "colour" in page.locator("#listed .hint").inner_text()
    row.nth(1).wait_for()
    page.get_by_label("Begins with").fill("kl")
    console.get_by("button", "Find").click()
    row.nth(1).wait_for(state="detached")
    with page.expect_download() as saved:
        console.get_by("button", "Export CSV").click()
    assert saved.value.suggested_filename == "residents.csv"
    lines = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert [(line["plate"], line["owner"]) for line in lines][1] == ("KLM482", "'=1+1")

    keeping.pass_by("ABC123", "gate")
    assert eventually(lambda: len(keeping.passes("list=residents")) == 1)
    page.reload()  # the view stays, and shows who came meanwhile
    page.locator("#list-rows button").click()
    matched = page.locator("#matched-rows tr")
    matched.get_by_text("read exactly so").wait_for()
    assert HOSTILE in matched.inner_text()
    decisions = page.locator("#decision-rows tr")
    decisions.get_by_text("No such list").wait_for()  # it was not there yet
    page.locator("#gates").get_by_label("Outcome").select_option("opened")
    console.get_by("button", "Show decisions").click()
    decisions.get_by_text("No such list").wait_for(state="detached")
    decisions.get_by_text("Opened").wait_for()
    page.locator("#gates .bad", has_text="no target missing").wait_for()
    assert [request.path for request in keeping.receiver.requests].count("/open") == 1
    row.first.get_by_role("button").click()
    look_everywhere(console, "lists")
    console.get_by("button", "Remove plate").click()
    console.get_by("button", "Cancel").last.press("Enter")
    console.get_by("button", "Passes of this plate").click()
    page.locator("#kept-count", has_text="2 passes").wait_for()
    assert page.get_by_label("Found as").input_value() == "fuzzy"

    console.get_by("link", "Lists").click()
    console.get_by("button", "Delete list").click()
    page.locator("dialog[open]").get_by_role("button", name="Delete list").press("Enter")
    page.locator("#lists-count", has_text="0 lists").wait_for()
    assert page.evaluate("document.activeElement.id") == "new-list"
    (newest, *_) = keeping.passes()
    requests.delete(f"{keeping.server.url}/passes/{newest['id']}", headers=AUTH, timeout=60)


def test_deliveries(open_console: OpenConsole, keeping: Keeping) -> None:
    console = open_console(server=keeping.server)
    page = console.page
    console.get_by("link", "Deliveries").press("Enter")
    assert page.title() == "Deliveries · NZ ALPR"
    said = page.locator("#targets .hint")
    console.get_by("button", "Test: hook").press("Enter")
    said.filter(has_text="HTTP 500").wait_for()
    rows = page.locator("#delivery-rows tr")
    asked = len(keeping.receiver.requests)
    console.get_by("button", "Test: relay").click()
    page.locator("dialog[open]").get_by_text("opens its gate").wait_for()
    page.keyboard.press("Escape")
    assert "/open" not in [request.path for request in keeping.receiver.requests[asked:]]
    failed = "deliveries?state=failed&target=hook"
    assert eventually(lambda: len(keeping.get(failed)["deliveries"]) > 1)
    console.get_by("button", "What failed: hook").click()
    rows.filter(has_text="Given up").first.wait_for()
    look_everywhere(console, "deliveries")
    oldest = keeping.get(failed)["deliveries"][-1]["id"]
    keeping.receiver.reply = lambda request: Reply()
    rows.last.get_by_role("button", name="Send again").press("Enter")
    page.locator("#announcer", has_text="sent to hook again").wait_for()
    arrived = "deliveries?state=delivered&target=hook"
    assert eventually(lambda: oldest in [one["id"] for one in keeping.get(arrived)["deliveries"]])
    console.get_by("button", "Disable: hook").click()
    page.locator("#target-rows .failed", has_text="Told nothing since").wait_for()
    console.get_by("button", "Enable: hook").click()
    page.locator("#target-rows .failed").wait_for(state="detached")
    console.get_by("button", "Send failed again: hook").click()
    said.filter(has_text="sent to hook again").wait_for()


def test_keys_without_the_role(open_console: OpenConsole, keeping: Keeping) -> None:
    """What they may not see is said, with a way to another key."""
    console = open_console(server=keeping.server, key=READER, at="/#lists")
    page = console.page
    note = page.locator("#lists-note")
    note.get_by_text("does not have the role lists").wait_for()
    console.get_by("link", "Deliveries").click()
    page.locator("#deliveries-note").get_by_text("does not have the role admin").wait_for()
    assert console.axe() == []
    console.get_by("link", "Lists").click()
    note.get_by_role("button", name="Use another key").click()
    page.get_by_label("The key this service was started with").fill(GUARD)
    page.keyboard.press("Enter")
    page.locator("#lists-count").wait_for()
    page.locator("#gates", has_text="does not have the role passes").wait_for()


def test_a_service_that_keeps_nothing(open_console: OpenConsole) -> None:
    console = open_console(at="/#passes")
    console.page.get_by_text("keeps no passes").wait_for()
    assert console.axe() == []
    console.get_by("link", "Lists").click()
    console.page.get_by_text("keeps no lists").wait_for()
    console.get_by("link", "Deliveries").click()
    console.page.get_by_text("tells nobody").wait_for()
