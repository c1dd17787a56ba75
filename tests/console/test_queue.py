"""Several pictures at once, and a service that is busy or gone."""

import csv
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.console.conftest import KEY, ROOM, OpenConsole
from tests.servers import Server, SocketServer, http_answer, read_request

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
    shown = page.locator("#rows tr").first.locator("td").nth(1).inner_text()
    assert float(lines[0]["confidence"]) * 100 == pytest.approx(float(shown[:-2]), abs=0.51)
    console.get_by("button", "Clear").click()
    assert page.locator("#list").is_hidden()
    assert console.get_by("button", "Try the sample").is_visible()


def test_busy_service_is_asked_again(
    open_console: OpenConsole, service: Server, scene: bytes
) -> None:
    """While it fetches as many pictures as it may, the service refuses another address."""
    full, release = threading.Barrier(ROOM + 1, timeout=60), threading.Event()

    def serve(connection: socket.socket) -> None:
        if b"/car.jpg" in read_request(connection):  # not whoever else knocks at this port
            full.wait()
            release.wait()
        connection.sendall(http_answer(scene, "Content-Type: image/jpeg"))

    def read(url: str) -> int:
        address, headers = f"{service.url}/predict/url", {"X-API-Key": KEY}
        return requests.post(address, json={"url": url}, headers=headers, timeout=120).status_code

    console = open_console()
    with SocketServer(serve) as camera, ThreadPoolExecutor(ROOM) as others:
        answers = others.map(read, [f"{camera.url}/car.jpg"] * ROOM)
        try:
            full.wait()
            console.page.locator("#url-input").fill(f"{camera.url}/mine.jpg")
            console.page.locator("#url-input").press("Enter")
            busy = re.compile(r"The service is busy; trying again in \d+ s")
            console.page.locator("#result", has_text=busy).wait_for()
        finally:
            release.set()
        console.wait_for_plate(PLATE)
        assert list(answers) == [200] * ROOM


def test_service_that_is_gone(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    with console.offline():
        console.choose(("car.jpg", scene))
        console.page.locator("#result", has_text="The connection broke off.").wait_for()
    console.get_by("button", "Try again").click()
    console.wait_for_plate(PLATE)
