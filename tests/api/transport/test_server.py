"""The service as operators run it: a process of its own, real sockets, real signals."""

import json
import select
import signal
import socket
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import requests

from tests.api.answers import assert_error
from tests.api.requests_by_hand import MULTIPART, OPENING, head, idle, predict, read_status, samples
from tests.crafted import tiff
from tests.servers import REPOSITORY, Server, eventually


def test_64_clients_against_a_limit_of_8(server: Server, car_jpeg: bytes) -> None:
    def refused() -> float:
        return samples(server).value("alpr_refused_requests_total", code="overloaded")

    before = refused()
    with ThreadPoolExecutor(64) as clients:
        jobs = [clients.submit(predict, server, car_jpeg) for _ in range(192)]
        while not all(job.done() for job in jobs):  # the probe is answered all the while
            assert requests.get(f"{server.url}/health", timeout=120).status_code == 200
            wait(jobs, timeout=0.05)
    answers = [job.result() for job in jobs]
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 503}, statuses
    assert statuses[200]
    for answer in answers:
        if answer.status_code == 200:
            assert answer.json()["plate"] == "ABC123"
        else:
            assert_error(answer, 503, "overloaded")
            assert int(answer.headers["Retry-After"]) >= 1
    assert eventually(lambda: idle(server))
    assert predict(server, car_jpeg).status_code == 200
    assert refused() - before == statuses[503]


def test_clients_that_go_away_are_dropped(server: Server, car_jpeg: bytes) -> None:
    body = OPENING + car_jpeg + b"\r\n--x--\r\n"
    gone = {"method": "POST", "route": "/predict/file", "status": "499"}

    def noticed() -> float:
        return samples(server).value("alpr_http_requests_total", **gone)

    def some_are_noticed() -> bool:
        """A picture that is read before anybody looks for its client is none of them."""
        before = noticed()
        connections = [server.connect() for _ in range(8)]
        for connection in connections:
            connection.sendall(head(MULTIPART, f"Content-Length: {len(body)}") + body)
        for connection in connections:
            connection.close()
        assert eventually(lambda: idle(server))
        return noticed() > before

    assert eventually(some_are_noticed, 60)
    assert predict(server, car_jpeg).status_code == 200


def test_a_client_that_goes_away_while_sending(server: Server) -> None:
    for _ in range(20):  # more than the limit: places must come back
        with server.connect() as connection:
            connection.sendall(head(MULTIPART, "Content-Length: 5000") + OPENING)
    assert eventually(lambda: predict(server, b"x").status_code == 400)


def test_a_chunked_body_over_the_limit(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(MULTIPART, "Transfer-Encoding: chunked"))
        connection.sendall(b"%x\r\n%s\r\n" % (len(OPENING), OPENING))
        chunk = b"%x\r\n%s\r\n" % (50_000, bytes(50_000))
        sent = 0
        while sent < 100_000_000 and not select.select([connection], [], [], 0)[0]:
            connection.sendall(chunk)
            sent += 50_000
        assert read_status(connection) == 413
    assert 1_000_000 < sent < 100_000_000  # refused while it came


def test_an_announced_length_over_the_limit(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(MULTIPART, "Content-Length: 999999999999"))
        assert read_status(connection) == 413


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "0x10", "1, 2", "9" * 5000])
def test_lengths_that_are_none(server: Server, length: str) -> None:
    with server.connect() as connection:
        connection.sendall(head(MULTIPART, f"Content-Length: {length}") + OPENING)
        assert 400 <= read_status(connection) < 500


def test_a_length_shorter_than_the_body(server: Server, car_jpeg: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head(MULTIPART, "Content-Length: 200") + OPENING + car_jpeg)
        assert read_status(connection) in (400, 422)


@pytest.mark.parametrize("first", [b"", OPENING])
def test_a_slow_upload(server: Server, first: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head(MULTIPART, "Content-Length: 5000") + first)
        assert read_status(connection) == 408
        while connection.recv(4096):  # until the server hangs up
            pass
    assert samples(server).value("alpr_refused_requests_total", code="upload_timeout") >= 1


def test_what_is_no_http(server: Server) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"\r\n" * 100, b"A" * 100_000):
        with server.connect() as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            try:
                answer = connection.recv(4096)
            except ConnectionResetError:
                continue
            if answer:
                head, _, body = answer.partition(b"\r\n\r\n")
                assert b" 40" in head.split(b"\r\n")[0]
                assert json.loads(body)["code"] == "invalid_http"
    assert requests.get(f"{server.url}/health", timeout=120).status_code == 200


def test_requests_that_wait_too_long_are_answered(
    light_environment: dict[str, str], car_jpeg: bytes
) -> None:
    short = {
        **{"ALPR_AUTH": "off", "ALPR_DEADLINE": "0.15"},
        **{"ALPR_LOG_LEVEL": "WARNING"},
    }
    with (
        Server(light_environment | short) as server,
        ThreadPoolExecutor(40) as clients,
    ):
        answers = list(clients.map(lambda _: predict(server, car_jpeg), range(40)))
        late = [answer for answer in answers if answer.status_code != 200]
        assert late
        for answer in late:
            assert_error(answer, 503, "deadline_exceeded")
            assert int(answer.headers["Retry-After"]) >= 1
        assert eventually(lambda: idle(server))


def test_sigterm_finishes_what_was_accepted(
    light_environment: dict[str, str], car_jpeg: bytes
) -> None:
    environment = {
        **{"ALPR_AUTH": "off", "ALPR_DRAIN_SECONDS": "600"},
        **{"ALPR_DEADLINE": "60"},
    }
    with Server(light_environment | environment) as server, ThreadPoolExecutor(16) as clients:
        accepted = [clients.submit(predict, server, car_jpeg) for _ in range(16)]
        assert eventually(lambda: not idle(server))
        server.terminate()
        assert eventually(
            lambda: requests.get(f"{server.url}/health/ready", timeout=120).status_code == 503
        )
        assert requests.get(f"{server.url}/health", timeout=120).json()["status"] == "draining"
        late = predict(server, car_jpeg)  # a load balancer that has not noticed yet
        assert late.status_code == 200
        server.terminate()  # once more, which ends the draining
        assert [job.result().status_code for job in accepted] == [200] * 16
        assert server.process.wait(90) == 0


def test_an_idle_server_ends_at_once_on_sigint(light_environment: dict[str, str]) -> None:
    with Server(light_environment | {"ALPR_AUTH": "off"}) as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) in (0, 130)


def test_json_logs_with_the_request_in_every_line(
    light_environment: dict[str, str], car_jpeg: bytes
) -> None:
    key = "log-key-of-the-tests"
    environment = {"ALPR_LOG_FORMAT": "json", "ALPR_API_KEYS": key, "ALPR_MAX_PIXELS": "1000000"}
    with Server(light_environment | environment) as server:
        for name, body in (("seen", car_jpeg), ("damaged", tiff(100, 100))):
            requests.post(
                f"{server.url}/predict/file",
                files={"file": body},
                headers={"X-API-Key": key, "X-Request-ID": name},
                timeout=120,
            )
        requests.post(
            f"{server.url}/predict/url",
            json={"url": "http://127.0.0.1/?token=hidden"},
            headers={"X-API-Key": key, "X-Request-ID": "fetching"},
            timeout=120,
        )
        wrong = {"X-API-Key": "wrong-key-of-somebody"}
        requests.post(f"{server.url}/predict/file", headers=wrong, timeout=120)
        output = server.output()
    lines = [json.loads(line) for line in output.splitlines()]
    ids = Counter(line["request_id"] for line in lines)
    assert ids["seen"] == ids["damaged"] == 1
    assert ids["fetching"] == 1
    assert all({"asctime", "levelname", "name", "message"} <= set(line) for line in lines)
    for secret in (key, "wrong-key-of-somebody", "ABC123", "hidden"):
        assert secret not in output


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"ALPR_DETECTOR_PATH": "/nowhere.onnx"}, "ALPR_DETECTOR_PATH"),
        ({"ALPR_CORS_ORIGINS": "*"}, "name the origins"),
        ({"ALPR_PORT": "99999"}, "ALPR_PORT: "),
        ({"ALPR_MIN_ASPECT_RATIO": "9"}, "ALPR_MIN_ASPECT_RATIO must be below"),
        ({"ALPR_API_KEYS_FILE": "/nowhere/keys"}, "/nowhere/keys"),
    ],
)
def test_a_start_that_fails_says_why(
    weights_environment: dict[str, str], environment: dict[str, str], message: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "app", "serve", "--port", "0"],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin", "API_KEY": "key-of-the-start", **weights_environment}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert message.lower() in ended.stderr.lower()
    assert "Traceback" not in ended.stderr
    assert "key-of-the-start" not in ended.stderr
