"""A real service, and Debian's Chromium to look at it with.

Set CONSOLE_SCREENSHOTS to a folder to keep what the tests saw.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from app.api.routes.console import DIRECTORY
from tests.servers import Server

if TYPE_CHECKING:  # playwright may be absent
    from tests.console.browser import Browser, Console

KEY = "typed-by-an-operator"
OpenConsole: TypeAlias = "Callable[..., Console]"


@pytest.fixture(scope="package")
def service(weights_environment: dict[str, str]) -> Iterator[Server]:
    """The service with a key, as an operator starts it."""
    environment = {
        "ALPR_API_KEYS": KEY,
        "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
        "ALPR_DRAIN_SECONDS": "0",
    }
    with Server(weights_environment | environment) as server:
        yield server


@pytest.fixture(scope="package")
def automation() -> ModuleType:
    """tests.console.browser, where playwright is here."""
    module: ModuleType = pytest.importorskip(
        "tests.console.browser", reason="browser tests need playwright", exc_type=ImportError
    )
    return module


@pytest.fixture(scope="package")
def browser(automation: ModuleType) -> "Iterator[Browser]":
    """Of the package only: its event loop must not outlive the tests that need it."""
    chromium = automation.find_chromium()
    if chromium is None:
        pytest.skip("browser tests need chromium (apt-get install chromium)")
    with automation.launch(chromium) as browser:
        yield browser


@pytest.fixture
def open_console(
    automation: ModuleType,
    browser: "Browser",
    service: Server,
    request: pytest.FixtureRequest,
) -> Iterator[OpenConsole]:
    """`open_console(key=..., width=..., scheme=...)`: the page in a tab of its own.

    At the end every page must have kept to its policy: no script error, no violation, no request
    to another host.
    """
    folder = os.environ.get("CONSOLE_SCREENSHOTS")
    opened: list[Console] = []

    def open_(key: str | None = KEY, server: Server = service, **options: Any) -> "Console":
        console: Console = automation.Console(browser, server.url, key=key, **options)
        console.shots = Path(folder) / request.node.name if folder else None
        opened.append(console)
        return console

    yield open_
    for console in opened:
        console.close()


@pytest.fixture(scope="session")
def scene() -> bytes:
    """A drawn car with the plate KLM482, as JPEG."""
    return (DIRECTORY / "sample.jpg").read_bytes()
