"""The service with a watch on its event loop: `python -m tests.fuzz.watched serve ...`.

It answers at `/loop` what it saw, as JSON of `Lag`.
"""

import asyncio
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

import app.main
from app.cli import main

PATH = "/loop"
_EVERY = 0.005
_WORTH_NOTING_MS = 50


@dataclass
class Lag:
    """How late the loop came to its timer, at worst, in milliseconds.

    `wall_ms` counts everything. `own_ms` is what this process can have to do with: at most what it
    computed meanwhile, as one that holds the interpreter for long does, and without the time that
    the loop's thread was ready to run and had no core. `cpu_ms` is what that thread computed.
    """

    wall_ms: float = 0.0
    own_ms: float = 0.0
    cpu_ms: float = 0.0
    turns: int = 0
    notes: list[str] = field(default_factory=list)


class Watched:
    def __init__(self, service: ASGIApp) -> None:
        self._service = service
        self._lag = Lag()
        self._asked: list[str] = []
        self._watch: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self._watch = asyncio.create_task(self._keep_watch())
        elif scope["type"] == "http":
            if scope["path"] == PATH:
                await self._answer(send)
                return
            self._asked.append(f"{scope['method']} {scope['path'][:80]}")
        await self._service(scope, receive, send)

    async def _keep_watch(self) -> None:
        statistics = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        before, cpu, waited, all_cpu = time.perf_counter(), *_used(statistics), time.process_time()
        while True:
            await asyncio.sleep(_EVERY)
            now, cpu_now, waited_now = time.perf_counter(), *_used(statistics)
            late = 1e3 * (now - before - _EVERY)
            all_now = time.process_time()
            own = min(late - 1e3 * (waited_now - waited), 1e3 * (all_now - all_cpu))
            lag = self._lag
            lag.turns += 1
            lag.wall_ms = max(lag.wall_ms, late)
            lag.own_ms = max(lag.own_ms, own)
            lag.cpu_ms = max(lag.cpu_ms, 1e3 * (cpu_now - cpu))
            if own > _WORTH_NOTING_MS:
                lag.notes.append(
                    f"{own:.0f} ms, {1e3 * (cpu_now - cpu):.0f} ms of it computing: "
                    + ", ".join(self._asked[-4:])
                )
                lag.notes.sort(key=lambda note: -int(note.split()[0]))
            self._asked = self._asked[-4:]
            before, cpu, waited, all_cpu = now, cpu_now, waited_now, all_now

    async def _answer(self, send: Send) -> None:
        body = json.dumps(asdict(self._lag)).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _used(statistics: Path) -> tuple[float, float]:
    """Seconds that this thread has computed, and that it was ready but had no core."""
    waited = int(statistics.read_text().split()[1]) if statistics.exists() else 0
    return time.thread_time(), waited / 1e9


if __name__ == "__main__":
    app.main.app = Watched(app.main.app)  # type: ignore[assignment]
    sys.exit(main())
