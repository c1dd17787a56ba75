"""A region and masks, drawn on a picture and used for the next one."""

import pytest

from tests.console.conftest import OpenConsole


def test_region_and_mask(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    page = console.page
    console.choose(("car.jpg", scene))
    page.locator(".cut-out").wait_for()
    page.get_by_text("Options", exact=True).click()
    console.get_by("button", "Draw region and masks").click()
    board = page.locator("#drawing svg")
    size = board.bounding_box()
    assert size is not None

    def click(*corners: tuple[float, float]) -> None:
        for x, y in corners:
            board.click(position={"x": x * size["width"], "y": y * size["height"]})

    text = page.locator("#drawing-text")
    click((0.1, 0.2), (0.9, 0.2), (0.9, 0.8), (0.5, 0.5))
    console.get_by("button", "Undo corner").click()
    numbers = [float(number) for number in text.input_value().split(",")]
    assert numbers == pytest.approx([0.1, 0.2, 0.9, 0.2, 0.9, 0.8], abs=0.01)
    region = text.input_value()
    page.get_by_label("Without the masks").last.check()
    assert text.input_value() == ""
    text.fill("0,0,1,0,1,1,0,1")
    assert page.locator("#drawing polygon").count() == 2
    console.shoot("drawing")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert console.axe() == []
    page.set_viewport_size({"width": 320, "height": 740})
    assert console.overflow() == 0
    page.set_viewport_size({"width": 1280, "height": 860})
    console.get_by("button", "Use").click()
    assert page.get_by_label("Only in the region").first.input_value() == region
    console.choose(("car.jpg", scene))
    page.locator("#result", has_text="Left out:").wait_for()  # the mask lies over the whole picture
