"""Pictures come in, plates come out: the reading view as an operator uses it."""

import csv
import json
import re
import socket

import pytest

from tests.console.conftest import KEY, OpenConsole
from tests.servers import Server, SocketServer, http_answer, read_request

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


def test_box_lies_over_the_plate(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    console.choose(("car.jpg", scene))
    console.wait_for_plate(PLATE)
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


def test_pasted_picture(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    console.paste(("pasted.png", scene))
    console.wait_for_plate(PLATE)


def test_sample(open_console: OpenConsole) -> None:
    console = open_console()
    console.get_by("button", "Try the sample").click()
    console.wait_for_plate(PLATE)


def test_camera(open_console: OpenConsole) -> None:
    console = open_console()
    console.get_by("button", "Camera").click()
    take = console.get_by("button", "Take picture")
    take.click()  # waits until the camera is there
    console.page.get_by_text("No plate found").first.wait_for()
    assert re.fullmatch(r"camera-\d{6}\.jpg", console.text("#stage .name"))
    assert not console.page.evaluate("document.getElementById('camera-video').srcObject")


def test_url(open_console: OpenConsole, scene: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(http_answer(scene, "Content-Type: image/jpeg"))

    console = open_console()
    field = console.page.get_by_label("Address of a picture")
    with SocketServer(serve) as camera:
        field.fill(f"{camera.url}/snapshots/gate.jpg")
        field.press("Enter")
        console.wait_for_plate(PLATE)
    assert "gate.jpg" in console.text("#stage")
    assert "Fetched by the service" in console.text("#stage")
    assert console.page.locator(".boxes .chosen").count() == 1
    assert f"{camera.url}/snapshots/gate.jpg" in console.open_code("curl")
    console.shoot("url")


def test_url_that_is_refused(open_console: OpenConsole) -> None:
    console = open_console()
    field = console.page.get_by_label("Address of a picture")
    field.fill("car.jpg")
    field.press("Enter")
    assert "begins with http" in console.text("#url-error")
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("http://192.168.1.20/car.jpg")
    field.press("Enter")
    alert = console.page.locator("#result [role=alert]")
    alert.wait_for()
    assert "does not lead to a public address." in alert.inner_text()
    assert console.text("#url-error") == ""


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
