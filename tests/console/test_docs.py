"""The API's documentation in a browser that reaches nothing but the service."""

from typing import TYPE_CHECKING

import pytest
import requests

from app.api.files import CONTENT_SECURITY_POLICY
from tests.console.conftest import KEY, OpenConsole
from tests.servers import Server

if TYPE_CHECKING:
    from tests.console.browser import Console


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"]
)
def test_files(service: Server, path: str) -> None:
    answer = requests.get(f"{service.url}{path}", timeout=60)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert requests.get(f"{service.url}{path}", headers=tag, timeout=60).status_code == 304


@pytest.mark.parametrize("path", ["/docs/__init__.py", "/docs/redoc.standalone.js", "/redoc"])
def test_nothing_else_is_served(service: Server, path: str) -> None:
    assert requests.get(f"{service.url}{path}", timeout=60).status_code == 404


def test_every_route_is_shown_and_can_be_tried(open_console: OpenConsole) -> None:
    console: Console = open_console(key=None, at="/docs")
    page = console.page
    page.locator("#operations-predict-predict_file_predict_file_post").wait_for()
    shown = page.locator(".opblock").count()
    paths = requests.get(f"{console.url}/openapi.json", timeout=60).json()["paths"]
    assert shown == sum(len(methods) for methods in paths.values())
    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").fill(KEY)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()
    settings = page.locator(".opblock", has_text="/settings")
    settings.locator(".opblock-summary-control").click()
    settings.get_by_role("button", name="Try it out").click()
    settings.get_by_role("button", name="Execute").click()
    settings.locator(".live-responses-table", has_text="max_upload_bytes").wait_for()
    console.shoot("docs")
