"""The load generator, a process of its own: `python -m app.lab.benchmark.load`.

Each client is a thread with one connection that sends the next picture as soon as it has the answer
to the last. Bodies are built beforehand and not parsed, so that the generator takes little from the
machine it shares with the server. A further thread asks for /health all the while.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

HEALTH_INTERVAL = 0.02
PREDICT = "/predict/file"
_BOUNDARY = "nz-alpr-benchmark"


@dataclass(slots=True)
class Samples:
    """Seconds of each answered request; `failed` counts answers other than 200."""

    latencies: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    failed: int = 0


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Milliseconds but for `requests_per_second`."""

    clients: int
    requests: int
    failed: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    health_p99_ms: float | None
    """None where there is no server."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as a form, ready to be sent."""

    body: bytes
    headers: dict[str, str]
    path: str


def upload_request(picture: bytes, key: str, *, path: str = PREDICT) -> Upload:
    """For POST /predict/file."""
    head = (
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
        'name="file"; filename="frame.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return Upload(
        head.encode() + picture + f"\r\n--{_BOUNDARY}--\r\n".encode(),
        {"X-API-Key": key, "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
        path,
    )


def send(connection: HTTPConnection, upload: Upload) -> int:
    """Send it, read the whole answer, give its status."""
    connection.request("POST", upload.path, upload.body, upload.headers)
    with connection.getresponse() as answer:
        answer.read()
        return answer.status


def connected(port: int) -> HTTPConnection:
    """A connection that stays open, to a server on this machine."""
    return HTTPConnection("127.0.0.1", port, timeout=60)


def drive(port: int, requests: Sequence[Upload], *, clients: int, seconds: float) -> LoadResult:
    """Load a server for some seconds."""
    samples = Samples()
    start = time.perf_counter()
    end = start + seconds
    threads = [
        threading.Thread(target=_client, args=(port, requests, number, end, samples))
        for number in range(clients)
    ]
    threads.append(threading.Thread(target=_health, args=(port, end, samples)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    health = round(float(np.percentile(samples.health, 99)) * 1e3, 2)
    result = summary(samples.latencies, elapsed, clients=clients)
    return replace(result, failed=samples.failed, health_p99_ms=health)


def summary(latencies: Sequence[float], elapsed: float, *, clients: int) -> LoadResult:
    """Of requests that all succeeded; arguments are in seconds."""
    p50, p99 = np.percentile(latencies or [float("nan")], [50, 99]) * 1e3
    return LoadResult(
        clients=clients,
        requests=len(latencies),
        failed=0,
        requests_per_second=round(len(latencies) / elapsed, 2),
        p50_ms=round(float(p50), 2),
        p99_ms=round(float(p99), 2),
        health_p99_ms=None,
    )


def _client(port: int, requests: Sequence[Upload], number: int, end: float, into: Samples) -> None:
    turn = number
    with closing(connected(port)) as connection:
        while (start := time.perf_counter()) < end:
            status = send(connection, requests[turn % len(requests)])
            if status == 200:
                into.latencies.append(time.perf_counter() - start)
            else:
                into.failed += 1
            turn += 1


def _health(port: int, end: float, into: Samples) -> None:
    with closing(connected(port)) as connection:
        while (start := time.perf_counter()) < end:
            connection.request("GET", "/health")
            connection.getresponse().read()
            into.health.append(time.perf_counter() - start)
            time.sleep(HEALTH_INTERVAL)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--key", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    chosen = parser.parse_args()
    requests = [upload_request(path.read_bytes(), chosen.key) for path in chosen.pictures]
    result = drive(chosen.port, requests, clients=chosen.clients, seconds=chosen.seconds)
    json.dump(asdict(result), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
