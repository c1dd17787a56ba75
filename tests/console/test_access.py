"""The key, the keyboard, screen readers, small screens, and the status view."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.console.conftest import KEY, OpenConsole

if TYPE_CHECKING:
    from tests.console.browser import Console

PLATE = "KLM482"
NAME = "document.activeElement.innerText?.trim() ?? ''"
OUTLINE = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def test_wrong_key(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console(key=None)
    console.drop(("one.jpg", scene), ("two.jpg", scene))
    field = console.page.get_by_label("The key this service was started with")
    field.fill("wrong")
    field.press("Enter")
    console.page.get_by_text("The API key is not accepted.").wait_for()
    console.shoot("wrong-key")
    field.fill(KEY)
    field.press("Enter")
    console.wait_for_plate(PLATE)
    console.page.locator("#progress-text", has_text="2 of 2 pictures read").wait_for()
    assert "Key given" in console.text("#key-button")


def test_key_stays_in_its_tab(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    assert console.page.evaluate("JSON.stringify(localStorage) + document.cookie") == "{}"
    console.page.reload()
    assert "Key given" in console.text("#key-button")
    with console.page.context.expect_page() as opened:
        console.page.evaluate("void open('/', '', 'noopener')")
    opened.value.wait_for_load_state()
    assert "Enter key" in opened.value.locator("#key-button").inner_text()
    opened.value.close()
    console.get_by("button", "Key given").click()
    console.get_by("button", "Forget the key").click()
    console.get_by("button", "Enter key").wait_for()
    assert console.page.evaluate("sessionStorage.length") == 0


def test_no_key(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console(key=None)
    console.drop(*[(f"{number}.jpg", scene) for number in range(4)])
    console.get_by("button", "Cancel").click()
    console.page.locator("#progress-text", has_text="4 failed").wait_for()
    assert console.page.get_by_role("dialog").count() == 0
    assert "none was given" in console.text("#result [role=alert]")


def test_keyboard_alone(open_console: OpenConsole, scene: bytes, tmp_path: Path) -> None:
    console = open_console(key=None)
    page = console.page

    def tab_to(name: str) -> None:
        """Press Tab until the element of that name has the focus, which must be visible."""
        for _ in range(20):
            page.keyboard.press("Tab")
            if re.match(name, page.evaluate(NAME)):
                assert page.evaluate(OUTLINE), name
                return
        raise AssertionError(f"Tab does not reach {name}")

    # The browser takes the choosing over some time after the first listener, so this is early.
    page.on("filechooser", lambda chooser: None)
    page.keyboard.press("Tab")
    assert page.evaluate(NAME) == "Skip to the content"
    page.keyboard.press("Enter")
    page.locator("#main:focus").wait_for()
    tab_to("Choose files")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(scene)
    chooser.value.set_files([tmp_path / "a.jpg", tmp_path / "b.jpg"])
    page.get_by_role("dialog").wait_for()
    page.keyboard.type(KEY)  # the field has the focus
    page.keyboard.press("Enter")
    page.locator("#progress-text", has_text="2 of 2").wait_for()
    tab_to("Answer")
    page.keyboard.press("Enter")
    tab_to("Copy")
    tab_to("b.jpg")
    page.keyboard.press("Enter")
    assert "b.jpg" in console.text("#stage")
    tab_to("Status")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Settings").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(open_console: OpenConsole, scene: bytes, scheme: Literal["light", "dark"]) -> None:
    console = open_console(key=None, scheme=scheme)
    assert console.axe() == []
    console.get_by("button", "Enter key").click()
    assert console.axe() == []
    console.page.keyboard.press("Escape")
    console.give_key(KEY)
    console.choose(("a.jpg", scene), ("b.jpg", scene), ("broken.jpg", b"?"))
    console.page.locator("#progress-text", has_text="2 of 3 pictures read, 1 failed").wait_for()
    console.open_code("json")
    console.open_code("curl")
    console.shoot("result")
    assert console.axe() == []
    console.get_by("button", "broken.jpg").click()
    assert console.axe() == []
    _show_status(console)
    console.call("status.js", "module.stopStatus()")  # axe looks at what is there for a while
    console.shoot("status")
    assert console.axe() == []


def _show_status(console: "Console") -> None:
    """Change to the status view and wait for all its parts."""
    console.get_by("link", "Status").click()
    for part in (".figures", ".panel", ".settings"):
        console.page.locator(part).first.wait_for()


def test_phone(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console(width=320, height=740)

    def assert_that_it_fits(name: str) -> None:
        for width in (320, 360):
            console.page.set_viewport_size({"width": width, "height": 740})
            assert console.overflow() == 0, (name, width)
            console.shoot(f"{name}-{width}")

    assert_that_it_fits("empty")
    console.get_by("button", "Key given").click()
    assert_that_it_fits("key")
    console.get_by("button", "Cancel").click()
    long_name = "a very long name of a picture without any end " * 3
    console.choose(("a.jpg", scene), (f"{long_name}.jpg", scene), ("broken.jpg", b"?"))
    console.page.locator("#progress-text", has_text="2 of 3 pictures read").wait_for()
    console.open_code("json")
    console.open_code("curl")
    assert_that_it_fits("result")
    _show_status(console)
    assert_that_it_fits("status")


def test_status(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    console.choose(("car.jpg", scene))
    console.wait_for_plate(PLATE)
    _show_status(console)
    page = console.page
    page.locator("#metrics", has_text="/predict/file").wait_for()
    assert "healthy" in console.text("#health")
    assert "on CPU" in console.text("#health")
    row = page.get_by_role("row", name=re.compile("^Finding plates"))
    _, pictures, mean, *_ = row.inner_text().split("\t")
    assert int(pictures) >= 1
    assert re.fullmatch(r"\d+(\.\d+)? m?s", mean)
    assert "ALPR_MAX_UPLOAD_BYTES" in console.text("#settings")
    assert KEY not in page.content()
    assert page.title() == "Status · NZ ALPR"
    console.get_by("link", "Read").click()
    console.wait_for_plate(PLATE)


def test_status_without_a_key(open_console: OpenConsole) -> None:
    console = open_console(key=None, at="/#status")
    console.page.locator(".figures").wait_for()
    assert console.page.get_by_role("dialog").count() == 0
    console.page.locator("#settings").get_by_role("button", name="Enter key").click()
    field = console.page.get_by_label("The key this service was started with")
    field.fill(KEY)
    field.press("Enter")
    console.page.locator(".settings").wait_for()
