"""The end comes, whatever clients do, and in a time that who waits for it can know."""

import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from app.config import Settings
from tests.api.transport.slow_clients import OPENING, UPLOAD, leave_unread
from tests.servers import REPOSITORY, Server

COMMANDS = {
    "serve": ("app", "serve", "--fd", "{fd}"),
    "uvicorn": ("uvicorn", "app.main:app", "--loop", "asyncio", "--fd", "{fd}"),
    "processes": ("app", "serve", "--fd", "{fd}", "--processes", "2"),
}
ENDS = {"serve": 0, "uvicorn": -signal.SIGTERM, "processes": 0}
"""uvicorn itself ends by the signal."""

ENVIRONMENT = {
    "ALPR_AUTH": "off",
    "ALPR_DRAIN_SECONDS": "0.1",
    "ALPR_DEADLINE": "1",
    "ALPR_URL_TIMEOUT": "0.5",
    # Times of a connection that are longer than the end may take.
    "ALPR_SEND_TIMEOUT": "1000",
    "ALPR_UPLOAD_TIMEOUT": "1000",
    "ALPR_HEAD_TIMEOUT": "1000",
}


@pytest.fixture(scope="module")
def servers(light_environment: dict[str, str]) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                Server(light_environment | ENVIRONMENT, command=command, send_buffer=4096)
            )
            for name, command in COMMANDS.items()
        }


def test_nothing_a_client_does_holds_up_the_end(servers: dict[str, Server]) -> None:
    with ExitStack() as stack:
        stalled = {}
        for name, server in servers.items():
            stalled[name] = stack.enter_context(server.connect())
            stalled[name].sendall(UPLOAD + b"\r\n" + OPENING)
            silent = stack.enter_context(server.connect())
            silent.sendall(b"GET /hea")
            stack.enter_context(leave_unread(server))
        for server in servers.values():
            server.terminate()
        for name, server in servers.items():
            answer = b""
            while chunk := stalled[name].recv(4096):
                answer += chunk
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b'"code":"not_ready"' in answer
            assert server.process.wait(60) == ENDS[name], server.output()


def test_stopping_takes_no_longer_than_its_parts() -> None:
    settings = Settings()
    assert settings.stop_seconds > settings.drain_seconds + settings.url_timeout + settings.deadline
    slower = settings.model_copy(update={"deadline": settings.deadline + 30})
    assert math.isclose(slower.stop_seconds, settings.stop_seconds + 30)


def test_a_thread_that_never_comes_back_does_not_keep_the_process() -> None:
    """Python waits for its threads before it ends, ours among them."""
    program = (
        "import threading; from app.api.transport.serving import end_process_in_time\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "end_process_in_time()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 1
    assert "does not come back" in ended.stderr
