"""Download hub weights: resumed, verified, put in place in one step."""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import requests

from app.errors import ModelCorrupt, UrlUnreachable
from app.weights.files import WeightFile

CHUNK = 1 << 16
TIMEOUT = (10, 60)
"""Seconds to connect, and between two chunks."""

Progress = Callable[[int, int | None], None]
"""Called with bytes had so far and the total, if known."""


def fetch(file: WeightFile, directory: Path, progress: Progress = lambda had, total: None) -> Path:
    """Have a file in a directory, intact.

    A partial download stays as `NAME.part` and is continued by the next call; the final name
    appears only once size and checksum are right.

    Raises:
        UrlUnreachable: the download failed; what came is kept for the next try.
        ModelCorrupt: what came is not the published file; it is removed.
    """
    target = directory / file.name
    if target.is_file() and file.is_intact(target):
        return target
    directory.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        _download(file, part, progress)
    except requests.RequestException as error:
        raise UrlUnreachable(f"{file.url} cannot be fetched: {error}") from error
    if not file.is_intact(part):
        part.unlink()
        raise ModelCorrupt(f"{file.url} gave another file than the published one.")
    part.replace(target)
    return target


def _download(file: WeightFile, part: Path, progress: Progress) -> None:
    """Append what is missing of a file; start over where the server gives no ranges."""
    if file.url is None:
        raise UrlUnreachable(f"{file.name} has no address to fetch it from.")
    had = part.stat().st_size if part.is_file() else 0
    if file.size is not None and had == file.size:
        return
    headers = {"Range": f"bytes={had}-"} if had else {}
    with requests.get(file.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is missing, or what is there is wrong: the checksum tells
        response.raise_for_status()
        resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
        had = had if resumed else 0
        length = response.headers.get("Content-Length")
        total = had + int(length) if length else file.size
        with part.open("ab" if resumed else "wb") as out:
            for chunk in response.iter_content(CHUNK):
                out.write(chunk)
                had += len(chunk)
                progress(had, total)
