"""Several processes of one service."""

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.api.requests_by_hand import MULTIPART, OPENING, head, idle, predict, samples
from tests.servers import Server, eventually


@pytest.mark.slow
def test_processes_share_metrics_and_key(
    weights_environment: dict[str, str], car_jpeg: bytes
) -> None:
    with Server(weights_environment, "--processes", "2") as server:
        keys = re.findall(r"X-API-Key: (\S+)", server.output())
        assert len(keys) == 1

        def ask(_: int) -> int:
            return requests.post(  # each on a connection, so a process, of its own
                f"{server.url}/predict/file",
                files={"file": car_jpeg},
                headers={"X-API-Key": keys[0], "Connection": "close"},
                timeout=120,
            ).status_code

        with ThreadPoolExecutor(4) as clients:
            assert set(clients.map(ask, range(24))) == {200}
        for _ in range(6):
            assert samples(server).value("alpr_predictions_total", status="success") == 24
        assert predict(server, car_jpeg).status_code == 401
        assert idle(server)
        (build,) = samples(server).labels("alpr_build_info")
        assert set(build) == {"version", "python"}
        _kill_those_that_receive(server, keys[0])
        server.terminate()
        assert server.process.wait(90) == 0


def _kill_those_that_receive(server: Server, key: str) -> None:
    """What a process held when it was killed is not shown for ever."""

    def received() -> float:
        try:
            return samples(server).value("alpr_budget_in_use", budget="body_bytes")
        except requests.RequestException:
            return float("nan")  # nobody answers for a moment

    upload = head(MULTIPART, f"X-API-Key: {key}", "Content-Length: 5000") + OPENING
    with server.connect() as stalled:
        stalled.sendall(upload)
        assert eventually(lambda: received() == len(OPENING))
        for process in _children(server.process.pid):
            if b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)
        assert eventually(lambda: received() == 0, 90)
    assert samples(server).value("alpr_predictions_total", status="success") == 24


def _children(process: int) -> list[int]:
    return [
        int(child)
        for tasks in Path(f"/proc/{process}/task").glob("*/children")
        for child in tasks.read_text().split()
    ]
