"""A fuzz run against a real server, and what it found."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from tests.fuzz.cases import COMPATIBLE, NATIVE, Fuzzer
from tests.fuzz.texts import KEY
from tests.fuzz.wire import Request, exchange
from tests.pictures import draw_car, encode
from tests.servers import ENDLESS, Server

CLIENTS = 4
SCHEMA_SHARE = 0.25
"""Of the requests, those that schemathesis draws from the OpenAPI document."""
_WATCHED = ("tests.fuzz.watched", "serve", "--fd", "{fd}")


@dataclass
class Findings:
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    probes: int = 0
    slowest_probe: float = 0.0
    lag: dict[str, Any] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        return self.statuses.total()

    def take(self, status: int | None, retry_after: str | None, what: str) -> None:
        """Note an answer: 5xx is a failure, but for 503 that says when to come again."""
        self.statuses[str(status or "closed")] += 1
        if status is not None and status >= 500 and not (status == 503 and retry_after):
            self.failures.append(f"{status} to {what}")


def run(count: int, *, seed: int, environment: dict[str, str]) -> Findings:
    """Send about `count` requests and say what came back."""
    findings = Findings()
    limits = {
        **{"ALPR_API_KEYS": KEY.decode(), "ALPR_LOG_LEVEL": "ERROR", "ALPR_URL_TIMEOUT": "1"},
        **{"ALPR_UPLOAD_TIMEOUT": "3", "ALPR_CORS_ORIGINS": "https://a.example"},
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(environment | limits | _kept_in(Path(folder)), command=_WATCHED) as server,
    ):
        with _probed(server, findings):
            drawn = _from_schema(server, round(count * SCHEMA_SHARE), seed, findings)
            _from_corpus(server, count - drawn, seed, findings)
        findings.lag = requests.get(f"{server.url}/loop", timeout=60).json()
        _ask_as_usual(server, findings)
        if server.process.poll() is not None:
            findings.failures.append("the server is gone")
        if "Traceback" in (output := server.output()):
            findings.failures.append(output[output.index("Traceback") :][:3000])
    return findings


def _kept_in(folder: Path) -> dict[str, str]:
    """Passes are kept, told to somebody who is not there, and a gate opens for them."""
    targets, gates = folder / "targets.yml", folder / "gates.yml"
    targets.write_text("targets:\n  hook:\n    url: mqtt://127.0.0.1:9\n")
    gates.write_text("gates:\n  front:\n    list: residents\n    cameras: gate\n    open: hook\n")
    return {
        **{"ALPR_STORE": "on", "ALPR_STORE_PATH": str(folder / "store")},
        **{"ALPR_NOTIFY_FILE": str(targets), "ALPR_GATES_FILE": str(gates)},
    }


def _from_corpus(server: Server, count: int, seed: int, findings: Findings) -> None:
    document = requests.get(f"{server.url}/openapi.json", timeout=60).json()
    parameters = [
        parameter["name"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    ]
    paths = [path for path in document["paths"] if path not in ENDLESS]
    fields = [
        name
        for schema in document["components"]["schemas"].values()
        for name in schema.get("properties", ())
    ]
    fuzzer = Fuzzer(seed, paths, parameters, sorted({*fields}))
    lock = threading.Lock()

    def send(request: Request) -> None:
        try:
            answer = exchange(server.port, request)
        except OSError as error:
            with lock:
                findings.failures.append(f"{error!r} to {request}")
            return
        with lock:
            if answer is None:
                findings.take(None, None, str(request))
            else:
                findings.take(answer.status, answer.retry_after, str(request))
                findings.slowest = max(findings.slowest, answer.seconds)

    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in clients.map(send, fuzzer.requests(count)):
            pass


def _from_schema(server: Server, count: int, number: int, findings: Findings) -> int:
    """Requests as the document asks for them, and such as it forbids; how many there were."""
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json", timeout=120)
    operations = [
        operation
        for result in schema.get_all_operations()
        if isinstance(result, Ok) and (operation := result.ok()).path not in ENDLESS
    ]
    each = max(1, count // (2 * len(operations)))
    for operation in operations:
        for mode in GenerationMode:

            @seed(number)
            @settings(
                max_examples=each,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                answer = case.call(headers={"X-API-Key": KEY.decode()}, timeout=60)
                retry = answer.headers.get("retry-after", [""])[0]
                findings.take(answer.status_code, retry, case.as_curl_command()[:600])

            with suppress(schemathesis.errors.InvalidSchema, Unsatisfiable):
                ask()  # unless nothing is forbidden to it
    return findings.requests


@contextmanager
def _probed(server: Server, findings: Findings) -> Iterator[None]:
    """Ask for /health all the time."""
    ended = threading.Event()

    def probe() -> None:
        while not ended.wait(0.1):
            start = time.monotonic()
            try:
                status = requests.get(f"{server.url}/health", timeout=30).status_code
            except requests.RequestException as error:
                findings.failures.append(f"/health: {error!r}")
                continue
            findings.probes += 1
            findings.slowest_probe = max(findings.slowest_probe, time.monotonic() - start)
            if status != 200:
                findings.failures.append(f"/health: {status}")

    prober = threading.Thread(target=probe)
    prober.start()
    try:
        yield
    finally:
        ended.set()
        prober.join()


def _ask_as_usual(server: Server, findings: Findings) -> None:
    """After all that, every route must read a plate as before."""
    picture = encode(draw_car("ABC123"), ".jpg")
    for path, name in {**NATIVE, **COMPATIBLE}.items():
        answer = requests.post(
            f"{server.url}{path}",
            files={name: picture},
            headers={"X-API-Key": KEY.decode()},
            timeout=60,
        )
        is_picture = path == "/redact" or "blur" in path
        if answer.status_code != 200 or not (is_picture or "abc123" in answer.text.lower()):
            findings.failures.append(f"{path} afterwards: {answer.status_code}")
