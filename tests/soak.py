"""Memory over many requests: `python -m tests.soak [REQUESTS]`, run by hand.

Starts the service, sends pictures of several sizes and formats, good and damaged, from four
clients, and compares the peak memory after the first 500 requests with the peak at the end. Weights
come from the environment, as for the service itself. Ends with status 1 where the peak has grown by
more than 5 %.
"""

# ruff: noqa: T201 (a command)

import argparse
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import requests

from tests.pictures import draw_car, encode
from tests.servers import Server

SETTLED = 500
ALLOWED_GROWTH = 0.05
CLIENTS = 4


def main() -> int:
    parser = argparse.ArgumentParser(description="Peak memory over many requests.")
    parser.add_argument("requests", nargs="?", type=int, default=5000)
    total = parser.parse_args().requests
    with Server({"ALPR_AUTH": "off", "ALPR_LOG_LEVEL": "WARNING"}) as server:
        pictures = _pictures()
        settled = _send(server, pictures, 0, SETTLED)
        print(f"peak after {SETTLED:,} requests: {settled / 1024:.1f} MiB", flush=True)
        final = settled
        for start in range(SETTLED, total, 500):
            final = _send(server, pictures, start, min(500, total - start))
            print(f"peak after {start + 500:,} requests: {final / 1024:.1f} MiB", flush=True)
    growth = final / settled - 1
    print(f"growth: {growth:+.1%} (allowed {ALLOWED_GROWTH:.0%})")
    return 0 if growth <= ALLOWED_GROWTH else 1


def _pictures() -> list[bytes]:
    car = draw_car("ABC123")
    sizes = [car, cv2.resize(car, (320, 240)), cv2.resize(car, (1920, 1440))]
    good = [encode(frame, suffix) for frame, suffix in itertools.product(sizes, (".jpg", ".webp"))]
    return [*good, good[0][:9000], b"no picture"]


def _send(server: Server, pictures: list[bytes], start: int, count: int) -> int:
    """Send pictures in turn; the server's peak memory so far, in KiB."""
    sessions = threading.local()

    def send(number: int) -> None:
        if not hasattr(sessions, "session"):
            sessions.session = requests.Session()
        picture = pictures[number % len(pictures)]
        answer = sessions.session.post(
            f"{server.url}/predict/file", files={"file": picture}, timeout=60
        )
        assert answer.status_code in (200, 400), answer.text

    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in clients.map(send, range(start, start + count)):
            pass
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


if __name__ == "__main__":
    sys.exit(main())
