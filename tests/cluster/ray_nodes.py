"""Two nodes of Ray against one service on both processors, and a node that dies under load.

    python -m tests.cluster.ray_nodes --seconds 20 --rounds 3

The service is measured before the cluster starts and after it ended, each of them alone on the
machine. Then one of two nodes is killed while clients ask. Status 1 where something does not hold.
"""

import argparse
import json
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from app.lab.benchmark.load import LoadResult, Upload, connected, drive, upload_request
from tests.cluster.nodes import Cluster, end_on_sigterm
from tests.pictures import draw_car, encode
from tests.servers import Server

KEY = "a-key-for-the-nodes"
SETTINGS = {"ALPR_API_KEYS": KEY, "ALPR_LOG_LEVEL": "WARNING"}
SHARE = 0.85
PATIENCE_SECONDS = 40.0
"""For one request: longer than the service and the ingress take to answer or refuse."""


@dataclass(slots=True)
class Fates:
    """What became of each request: its status, or the name of an error; and refusals that do not
    say when to come back."""

    counts: Counter[str] = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)
    slowest: float = 0.0


def main() -> int:
    end_on_sigterm()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument(
        "--variable", action="append", default=[], help="NAME=VALUE of the nodes, to compare"
    )
    arguments = parser.parse_args()
    clients, seconds = arguments.clients, arguments.seconds
    requests = [upload_request(encode(draw_car("ABC123"), ".jpg"), KEY)]

    def measured(port: int) -> list[LoadResult]:
        drive(port, requests, clients=clients, seconds=2)  # every thread has read once
        return [
            drive(port, requests, clients=clients, seconds=seconds) for _ in range(arguments.rounds)
        ]

    def alone() -> list[LoadResult]:
        with Server(SETTINGS) as server:
            return measured(server.port)

    before = alone()
    variables = dict(each.split("=", 1) for each in arguments.variable)
    with Cluster({**SETTINGS, **variables}) as cluster:
        cluster.deploy(replicas=2)
        used = cluster.processor_seconds()
        nodes = measured(cluster.port)
        used = cluster.processor_seconds() - used
        fates = kill_under_load(cluster, requests[0], clients=clients, seconds=seconds)
    one, two = rate([*before, *alone()]), rate(nodes)
    print(  # noqa: T201
        json.dumps(
            {
                "one_service": one,
                "two_nodes": two,
                "share": round(two / one, 3),
                "failed": sum(result.failed for result in nodes),
                "processor_ms_a_picture": round(1e3 * used / sum(r.requests for r in nodes), 1),
                "killed": dict(fates.counts),
                "slowest_s": round(fates.slowest, 2),
            },
            indent=1,
        )
    )
    return 0 if two >= SHARE * one and not faults(fates) else 1


def rate(results: list[LoadResult]) -> float:
    """Requests a second, the median round."""
    return sorted(result.requests_per_second for result in results)[len(results) // 2]


def kill_under_load(cluster: Cluster, upload: Upload, *, clients: int, seconds: float) -> Fates:
    """Load the cluster, kill its last node a third of the time in, and go on."""
    fates, lock = Fates(), threading.Lock()
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_client, args=(cluster.port, upload, end, fates, lock))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 3)
    cluster.nodes.pop().kill()
    for thread in threads:
        thread.join()
    return fates


def faults(fates: Fates) -> list[str]:
    """Why the death of the node was more than refusals that a client repeats."""
    found = [f"{count} x {fate}" for fate, count in fates.counts.items() if fate not in _GOOD]
    found += [f"a refusal without code or Retry-After: {text}" for text in fates.unclear]
    if fates.slowest >= PATIENCE_SECONDS:
        found.append(f"a request took {fates.slowest:.0f} s")
    if fates.counts["200"] == 0:
        found.append("nothing was answered")
    return found


_GOOD = frozenset({"200", "503"})


def _client(port: int, upload: Upload, end: float, fates: Fates, lock: threading.Lock) -> None:
    """Asks as long as there is time, and again after a pause where it is refused."""
    while time.monotonic() < end:
        with closing(connected(port)) as connection:
            begun = time.monotonic()
            fate, unclear = _ask(connection, upload)
            now = time.monotonic()
        with lock:
            fates.counts[fate] += 1
            fates.slowest = max(fates.slowest, now - begun)
            if unclear:
                fates.unclear.append(unclear)
        if fate != "200":
            time.sleep(0.2)


def _ask(connection: HTTPConnection, upload: Upload) -> tuple[str, str]:
    try:
        connection.request("POST", upload.path, upload.body, upload.headers)
        with connection.getresponse() as answer:
            body = answer.read()
    except (OSError, HTTPException) as error:
        return type(error).__name__, ""
    clear = answer.status == 200 or (answer.headers["Retry-After"] and b'"code"' in body)
    return str(answer.status), "" if clear else body.decode(errors="replace")[:200]


if __name__ == "__main__":
    sys.exit(main())
