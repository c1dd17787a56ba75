"""A real service, and Debian's Chromium to look at it with.

Set CONSOLE_SCREENSHOTS to a folder to keep what the tests saw.
"""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from PIL import Image

from app.api.routes.console import DIRECTORY
from tests.servers import Server

if TYPE_CHECKING:  # playwright may be absent
    from tests.console.browser import BrowserContext, Console

KEY = "typed-by-an-operator"
ROOM = 2
"""Pictures that the service accepts at a time: as many as one console sends."""
OpenConsole: TypeAlias = "Callable[..., Console]"


@pytest.fixture(scope="package")
def service(weights_environment: dict[str, str]) -> Iterator[Server]:
    """The service with a key, full of two pictures, and patient with those it fetches."""
    environment = {
        "ALPR_API_KEYS": KEY,
        "ALPR_URL_PRIVATE_HOSTS": "127.0.0.1",
        "ALPR_URL_TIMEOUT": "100",
        "ALPR_MAX_FETCHES": str(ROOM),
        "ALPR_MAX_IN_FLIGHT": str(ROOM),
        "ALPR_MAX_BATCH_FILES": str(ROOM),
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
def context(
    automation: ModuleType, scene: bytes, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[BrowserContext]":
    """Tabs that share a cache, of a browser whose camera sees the scene.

    Of the package only: its event loop must not outlive the tests that need it.
    """
    chromium = automation.find_chromium()
    if chromium is None:
        pytest.skip("browser tests need chromium (apt-get install chromium)")
    camera = tmp_path_factory.mktemp("camera") / "scene.mjpeg"
    Image.open(io.BytesIO(scene)).save(camera, "JPEG", quality=95)  # the sample is progressive
    with automation.launch(chromium, camera) as browser:
        yield browser.new_context()


@pytest.fixture
def open_console(
    automation: ModuleType,
    context: "BrowserContext",
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
        console: Console = automation.Console(context, server.url, key=key, **options)
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
