"""Every way a picture comes in."""

import re
import socket

from tests.console.conftest import OpenConsole
from tests.servers import SocketServer, http_answer, read_request

PLATE = "KLM482"
PASTE_TEXT = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text", text);
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


def test_pasted_picture(open_console: OpenConsole, scene: bytes) -> None:
    console = open_console()
    console.paste(("pasted.png", scene))
    console.wait_for_plate(PLATE)


def test_pasted_address(open_console: OpenConsole) -> None:
    console = open_console()
    console.page.evaluate(PASTE_TEXT, "http://192.168.1.20/gate.jpg")
    console.page.locator("#result", has_text="does not lead to a public address.").wait_for()
    assert console.text("#stage .name") == "gate.jpg"


def test_sample(open_console: OpenConsole) -> None:
    console = open_console()
    console.get_by("button", "Try the sample").click()
    console.wait_for_plate(PLATE)


def test_camera(open_console: OpenConsole) -> None:
    """The browser's camera sees the scene."""
    console = open_console()
    console.get_by("button", "Camera").click()
    take = console.get_by("button", "Take picture")
    take.click()  # waits until the camera is there
    console.wait_for_plate(PLATE)
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
