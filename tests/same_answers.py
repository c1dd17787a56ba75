"""Whether two checkouts answer alike: `python -m tests.same_answers CHECKOUT FOLDER...`, by hand.

Starts the service of the other checkout and of this one with the same interpreter and settings,
sends every JPEG of the folders to every API, at each `detail` where there is one, and compares the
answers. Ids, times, versions and fields that only one of them has are left aside; the latter are
named. Ends with status 1 where anything else differs.
"""

# ruff: noqa: T201 (a command)

import argparse
import base64
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from app.lab.benchmark.servers import announced_port
from tests.servers import REPOSITORY

ASIDE = frozenset(
    {
        *("request_id", "requestId", "timings_ms", "processing_time", "processing_time_ms"),
        *("timestamp", "timestampUTC", "epoch_time", "processMs", "inferenceMs", "usage"),
        *("analysisRoundTripMs", "filename", "version"),
    }
)
NATIVE = tuple(f"/predict/file?detail={detail}" for detail in ("low", "auto", "high"))
FOREIGN = {
    "/v1/plate-reader/": "upload",
    "/v1/recognize": "image",
    "/v1/vision/alpr": "upload",
}
KEY = secrets.token_urlsafe(8)


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether two checkouts answer alike.")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--like", default="*.jpg", help="pattern of the files")
    arguments = parser.parse_args()
    pictures = [
        path for folder in arguments.folders for path in sorted(folder.glob(arguments.like))
    ]
    different: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    with _serving(arguments.checkout) as old, _serving(REPOSITORY) as new:
        for path in pictures:
            for request in (*NATIVE, *FOREIGN, "/redact"):
                with ThreadPoolExecutor(2) as pool:
                    a, b = pool.map(lambda url: _ask(url, request, path), (old, new))  # noqa: B023
                found = list(_differences(a, b, "", extra))
                if found:
                    different[request] += 1
                    print(path.name, request, *found[:4], sep="\n    ", flush=True)
    for request in (*NATIVE, *FOREIGN, "/redact"):
        print(f"{request}: {different[request]} of {len(pictures)} answers differ")
    for field in sorted(extra):
        print(f"only in one of them: {field}")
    return 1 if different else 0


@contextmanager
def _serving(checkout: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "app", "serve", "--host", "127.0.0.1", "--port", "0"]
    environment = {**os.environ, "API_KEY": KEY, "ALPR_LOG_LEVEL": "INFO", "ALPR_DEADLINE": "120"}
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, cwd=checkout, env=environment, stderr=log) as process,
    ):
        try:
            while (port := announced_port(log)) is None:
                if process.poll() is not None:
                    raise SystemExit(f"{checkout} does not start")
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _ask(url: str, request: str, path: Path) -> Any:
    field = FOREIGN.get(request, "file")
    headers = {"X-API-Key": KEY, "Authorization": f"Token {KEY}"}
    with path.open("rb") as file:
        answer = requests.post(
            url + request, files={field: (path.name, file)}, headers=headers, timeout=300
        )
    if answer.headers["Content-Type"].startswith("image/"):
        return {"status": answer.status_code, "body": base64.b64encode(answer.content).decode()}
    return {"status": answer.status_code, "body": answer.json()}


def _differences(a: Any, b: Any, place: str, extra: Counter[str]) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for name in (a.keys() | b.keys()) - ASIDE:
            if name in a and name in b:
                yield from _differences(a[name], b[name], f"{place}.{name}", extra)
            else:
                extra[f"{place}.{name}"] += 1
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for x, y in zip(a, b, strict=True):
            yield from _differences(x, y, f"{place}[]", extra)
    elif a != b:
        yield f"{place}: {str(a)[:100]} | {str(b)[:100]}"


if __name__ == "__main__":
    sys.exit(main())
