"""Replicas of this machine, measured: each has processors of its own, all work at once."""

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

from app.config import Settings
from app.lab.benchmark.article import API_KEY
from app.lab.benchmark.capacity.replica import Kind
from app.lab.benchmark.capacity.simulation import Simulation
from app.lab.benchmark.load import Upload, connected, upload_request
from app.lab.benchmark.servers import Server, our_server
from app.weights.resolve import resolve_weights

SHARES = (0.4, 0.6, 0.8)
"""Of the most pictures a second, at which model and machine are compared."""
_CLIENTS = 64


@dataclass(frozen=True, slots=True)
class Profile:
    """One replica. `rate`: pictures a second with all of them at work; `service`: seconds that a
    worker takes for a picture then; `overhead`: seconds of a request besides; `memory`: bytes."""

    processor: str
    processors: int
    rate: float
    service: tuple[float, ...]
    overhead: float
    memory: int
    start_s: float
    limit: int

    @property
    def kind(self) -> Kind:
        return Kind(self.service, self.processors, limit=self.limit, overhead=self.overhead)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of one rate, sent in turn to the replicas: what was measured, and what the model says."""

    replicas: int
    rate: float
    requests: int
    measured_ms: tuple[float, float]
    """Median and p99."""
    simulated_ms: tuple[float, float]
    measured_refused: float
    simulated_refused: float


def measure(
    pictures: Sequence[bytes], *, processors: int, seconds: float, limit: int
) -> tuple[Profile, list[Comparison]]:
    """As many replicas as this machine has room for; compared with the model where there are two.

    Args:
        processors: of each replica.
        limit: `ALPR_MAX_IN_FLIGHT`.
    """
    uploads = [upload_request(picture, API_KEY) for picture in pictures]
    usable = sorted(os.sched_getaffinity(0))
    groups = [
        usable[first : first + processors]
        for first in range(0, len(usable) - processors + 1, processors)
    ] or [usable]
    with ExitStack() as stack:
        servers = [stack.enter_context(_pinned(group, limit)) for group in groups]
        ports = [server.port for server in servers]
        _saturate(ports, uploads, clients=2 * processors, seconds=min(seconds, 5))  # warms up
        spent, elapsed = _saturate(ports, uploads, clients=2 * processors, seconds=seconds)
        rate = len(spent) / elapsed / len(ports)
        profile = Profile(
            processor=_processor(),
            processors=len(groups[0]),
            rate=rate,
            service=_scaled([busy for busy, _ in spent], len(groups[0]) / rate),
            overhead=_overhead(ports[0], uploads),
            memory=max(_memory(server.pid) for server in servers),
            start_s=max(server.startup_seconds for server in servers),
            limit=limit,
        )
        compared = [
            _compared(profile, ports, uploads, share * rate * len(ports), seconds)
            for share in SHARES
            if len(ports) > 1
        ]
    return profile, compared


@contextmanager
def _pinned(processors: Sequence[int], limit: int) -> Iterator[Server]:
    before = os.sched_getaffinity(0)
    environment = {"ALPR_MAX_IN_FLIGHT": str(limit)}
    with ExitStack() as stack:
        os.sched_setaffinity(0, processors)
        try:
            weights = resolve_weights(Settings())
            server = stack.enter_context(our_server(weights, environment=environment))
        finally:
            os.sched_setaffinity(0, before)
        yield server


def _saturate(
    ports: Sequence[int], uploads: Sequence[Upload], *, clients: int, seconds: float
) -> tuple[list[tuple[float, float]], float]:
    """Busy and whole seconds of each answer, from clients that send again at once, and how long
    it took."""
    begun = time.monotonic()
    spent: list[tuple[float, float]] = []

    def client(port: int, number: int) -> None:
        with closing(connected(port)) as connection:
            while time.monotonic() < begun + seconds:
                before = time.monotonic()
                answer = _ask(connection, uploads[number % len(uploads)])
                if answer is not None:
                    spent.append((answer, time.monotonic() - before))
                number += 1

    threads = [
        threading.Thread(target=client, args=(port, number))
        for port in ports
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spent, time.monotonic() - begun


def _ask(connection: HTTPConnection, upload: Upload) -> float | None:
    """Seconds that a worker was busy; None where it is refused."""
    connection.request("POST", upload.path, upload.body, upload.headers)
    with connection.getresponse() as answer:
        body = answer.read()
        if answer.status != 200:
            return None
    timings: dict[str, float] = json.loads(body)["timings_ms"]
    return (timings["total"] - timings["queue"]) / 1e3


def _scaled(service: Sequence[float], mean: float) -> tuple[float, ...]:
    """What a worker is kept from by all that goes with a picture is part of its time."""
    factor = mean / float(np.mean(service))
    return tuple(round(each * factor, 5) for each in service)


def _overhead(port: int, uploads: Sequence[Upload]) -> float:
    """Seconds of a request beside its picture, of one client."""
    spent, _ = _saturate([port], uploads, clients=1, seconds=3)
    return max(0.0, float(np.median([whole - busy for busy, whole in spent])))


def _memory(pid: int) -> int:
    """Resident bytes (proc(5))."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def _compared(
    profile: Profile, ports: Sequence[int], uploads: Sequence[Upload], rate: float, seconds: float
) -> Comparison:
    seconds *= 2
    gaps = np.random.default_rng(7).exponential(1 / rate, round(rate * seconds))
    spent = _paced(ports, uploads, np.cumsum(gaps).tolist())
    answered = [each for each in spent if each is not None]
    run = Simulation(profile.kind, len(ports), rate, seed=7).run(max(seconds, 5000 / rate))
    return Comparison(
        replicas=len(ports),
        rate=rate,
        requests=len(spent),
        measured_ms=_milliseconds(np.quantile(answered, 0.5), np.quantile(answered, 0.99)),
        simulated_ms=_milliseconds(run.quantile(0.5), run.quantile(0.99)),
        measured_refused=1 - len(answered) / len(spent),
        simulated_refused=run.refused,
    )


def _milliseconds(*seconds: float) -> tuple[float, float]:
    median, p99 = (round(float(each) * 1e3, 1) for each in seconds)
    return median, p99


def _paced(
    ports: Sequence[int], uploads: Sequence[Upload], moments: Sequence[float]
) -> list[float | None]:
    """Seconds from the moment each request was due until its answer; None where it was refused."""
    begun = time.monotonic()

    def request(number: int, due: float) -> float | None:
        # A connection of its own: one that is kept is closed by the service after 5 idle seconds.
        with closing(connected(ports[number % len(ports)])) as connection:
            answer = _ask(connection, uploads[number % len(uploads)])
        return None if answer is None else time.monotonic() - begun - due

    with ThreadPoolExecutor(_CLIENTS) as pool:
        waiting = []
        for number, due in enumerate(moments):
            time.sleep(max(0.0, begun + due - time.monotonic()))
            waiting.append(pool.submit(request, number, due))
        return [each.result() for each in waiting]
