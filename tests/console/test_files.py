"""The console over plain HTTP: who gets the page, its headers and its files."""

import http.client
import re
from pathlib import Path

import pytest
import requests
from pydantic import Field, SecretBytes, SecretStr

from app.api.files import MEDIA_TYPES
from app.api.routes.console import DIRECTORY, console_files, prefers_page, public_settings
from app.config import Settings
from app.lab.synth.plates.strokes import SKELETONS
from tests.console.conftest import KEY
from tests.servers import Server

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
FILES = sorted(path for path in DIRECTORY.iterdir() if path.is_file())


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/*", False),
        ("text/plain", False),
        ("text/html", True),
        ("TEXT/HTML", True),
        (CHROMIUM, True),
        ("text/html;q=0", False),
        ("text/html;q=0.0, */*", False),
        ("text/html; q=0.5, application/json; q=0.4", True),
        ("text/html; q=0.5, application/json", False),
        ("application/json, text/html", True),
        ("text/html;charset=utf-8;q=0.9,application/json;q=0.9", True),
        ("text/html;q=much", True),
        (";;,,;q=1", False),
    ],
)
def test_who_gets_the_page(accept: str, page: bool) -> None:
    assert prefers_page(accept) is page


def test_browsers_get_the_page(service: Server) -> None:
    answer = requests.get(service.url, headers={"Accept": CHROMIUM}, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Vary"] == "Accept"
    assert "<!doctype html>" in answer.text


def test_programs_get_the_index(service: Server) -> None:
    answer = requests.get(service.url, timeout=60)
    assert answer.headers["Vary"] == "Accept"
    assert "POST /predict/file" in answer.json()["endpoints"]


@pytest.mark.parametrize("name", [path.name for path in FILES])
def test_file(service: Server, name: str) -> None:
    answer = requests.get(f"{service.url}/console/{name}", timeout=60)
    assert answer.content == (DIRECTORY / name).read_bytes()
    assert answer.headers["Content-Type"] == MEDIA_TYPES[Path(name).suffix]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    policy = dict(
        part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' blob: data:"
    assert policy["media-src"] == "'self' blob:"


def test_files_are_not_sent_twice(service: Server) -> None:
    address = f"{service.url}/console/main.js"
    tag = requests.get(address, timeout=60).headers["ETag"]
    for given in (tag, f'"other", W/{tag}'):
        again = requests.get(address, headers={"If-None-Match": given}, timeout=60)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert requests.get(address, headers={"If-None-Match": '"x"'}, timeout=60).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/console/",
        "/console/none.js",
        "/console/../api/auth.py",
        "/console/..%2fconfig.py",
        "/console/%2e%2e/config.py",
        "/console/..\\config.py",
        "/console/%2fetc%2fpasswd",
        "/console//etc/passwd",
        "/console/main.js%00.html",
        "/console/./main.js",
    ],
)
def test_nothing_else_is_served(service: Server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.request("GET", path)  # as it is: requests would tidy it up
    answer = connection.getresponse()
    assert answer.status == 404
    assert answer.read().startswith(b'{"detail":')
    connection.close()


def test_every_file_is_used_and_none_is_missing() -> None:
    named = {"index.html"}
    for path in FILES:
        if path.suffix in {".html", ".js"}:
            text = path.read_text()
            named |= set(re.findall(r'from "\./([\w.]+)"', text))
            named |= set(re.findall(r'"console/([\w.]+)"', text))
    assert named == console_files().keys()


def test_the_console_can_be_read_in_one_sitting() -> None:
    for path in FILES:
        if path.suffix in {".html", ".js", ".css"}:
            lines = path.read_text().splitlines()
            assert len(lines) < (250 if path.suffix == ".html" else 200), path.name
            assert max(map(len, lines)) <= 110, path.name


def test_the_page_names_no_other_host_and_nothing_inline() -> None:
    for path in FILES:
        if path.suffix in {".html", ".js", ".css"}:
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            assert re.findall(r"https?://[a-z0-9]", text) == [], path.name
    page = (DIRECTORY / "index.html").read_text()
    assert re.findall(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=", page) == []


def test_letters_are_those_of_the_renderer() -> None:
    """Two tables for one typeface: the page's copy must not drift."""
    text = (DIRECTORY / "lettering.js").read_text()
    oval = re.search(r'const OVAL = "(.*)"', text)
    assert oval is not None
    table = re.findall(r'^  "(.)": ["`]?(.*?)["`]?,$', text, re.MULTILINE)
    expanded = {name: re.sub(r"\$\{OVAL\}|^OVAL$", oval[1], line) for name, line in table}
    assert expanded == dict(SKELETONS)


def test_settings_need_a_key(service: Server) -> None:
    assert requests.get(f"{service.url}/settings", timeout=60).status_code == 401


def test_settings_show_what_is_in_effect(service: Server) -> None:
    answer = requests.get(f"{service.url}/settings", headers={"X-API-Key": KEY}, timeout=60)
    shown = {entry["name"]: entry for entry in answer.json()}
    assert shown["url_private_hosts"]["value"] == ["127.0.0.1"]
    assert shown["url_private_hosts"]["is_default"] is False
    assert shown["max_upload_bytes"]["is_default"] is True
    assert all(entry["description"] for entry in shown.values())
    assert KEY not in answer.text


class Extended(Settings):
    """Secrets as somebody may add them, without a thought of `/settings`."""

    one: SecretStr = Field(SecretStr("hidden"), description="x")
    perhaps: SecretStr | None = Field(SecretStr("hidden"), description="x")
    some: tuple[SecretStr, ...] = Field((SecretStr("hidden"),), description="x")
    named: dict[str, SecretBytes] = Field({"a": SecretBytes(b"hidden")}, description="x")
    plain: str = Field("shown", description="x")


def test_settings_are_secret_by_their_type() -> None:
    shown = {entry.name: str(entry.value) for entry in public_settings(Extended())}
    assert shown["plain"] == "shown"
    assert {"one", "perhaps", "some", "named"}.isdisjoint(shown)
    assert "hidden" not in repr(Extended())


def test_settings_hide_every_secret(settings: Settings) -> None:
    shown = {entry.name for entry in public_settings(settings)}
    assert "api_keys" not in shown
    telling = {name for name in shown if re.search(r"keys?$|secret|token|password", name)}
    assert telling == set()
