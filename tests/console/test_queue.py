"""Several pictures at once, and a service that is busy or gone."""

import csv
import re

from tests.console.conftest import OpenConsole
from tests.servers import Server

PLATE = "KLM482"
BROKEN = b"no picture at all"


def test_queue_of_twenty(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    good = [(f"car {number}.jpg", scene) for number in range(18)]
    console.drop(*good, ("broken.jpg", BROKEN), ('=cmd|"/c calc"!A1.jpg', scene))
    page = console.page
    page.locator("#progress-text", has_text="19 of 20 pictures read, 1 failed").wait_for()
    assert page.locator("#rows tr").count() == 20
    assert page.locator("#progress").evaluate("(bar) => bar.value / bar.max") == 1
    assert console.text("#announcer") == "19 of 20 pictures read, 1 failed."
    console.get_by("button", "broken.jpg").click()
    assert "The picture was not read" in console.text("#result")
    console.get_by("button", "car 3.jpg").click()
    console.wait_for_plate(PLATE)
    assert console.get_by("button", "car 3.jpg").get_attribute("aria-current") == "true"
    console.shoot("queue")
    with page.expect_download() as download:
        console.get_by("button", "Download CSV").click()
    path = download.value.path()
    assert re.fullmatch(r"plates-\d{12}\.csv", download.value.suggested_filename)
    lines = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert [line["plate"] for line in lines] == [PLATE] * 18 + ["", PLATE]
    assert lines[18]["error"] == "The data is not an image the service knows."
    assert lines[19]["file"] == '\'=cmd|"/c calc"!A1.jpg'
    assert float(lines[0]["confidence"]) > 0.9
    console.get_by("button", "Clear").click()
    assert page.locator("#list").is_hidden()
    assert console.get_by("button", "Try the sample").is_visible()


def test_busy_service_is_asked_again(
    open_console: OpenConsole, weights_environment: dict[str, str], scene: bytes
) -> None:
    environment = {
        **weights_environment,
        **{"ALPR_AUTH": "off", "ALPR_DRAIN_SECONDS": "0"},
        **{"ALPR_MAX_IN_FLIGHT": "1", "ALPR_MAX_BATCH_FILES": "1"},
    }
    refused: list[int] = []
    with Server(environment) as server:
        console = open_console(key=None, server=server)
        console.page.on("response", lambda answer: refused.append(answer.status))
        console.drop(*[(f"{number}.jpg", scene) for number in range(3)])
        console.page.locator("#progress-text", has_text="3 of 3 pictures read").wait_for()
    assert 503 in refused


def test_service_that_is_gone(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    console.context.set_offline(True)
    console.choose(("car.jpg", scene))
    console.page.locator("#result", has_text="The connection broke off.").wait_for()
    console.context.set_offline(False)
    console.get_by("button", "Try again").click()
    console.wait_for_plate(PLATE)
