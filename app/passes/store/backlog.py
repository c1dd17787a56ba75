"""Passes that are accepted and not yet in the database: a file each, so that none is lost.

A file is there before its picture is answered, and gone after it is in the database. What a
process has left when it is killed, the next one writes.
"""

import base64
import fcntl
import json
import logging
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final

from app.nz.decoder import Candidate
from app.passes.records import NewPass, Turn

logger = logging.getLogger(__name__)

_SIZES: Final = struct.Struct("<III")
_SUFFIX: Final = ".pass"
_PART: Final = ".part"
_LOOK_S: Final = 0.02
_ABANDONED_S: Final = 600.0
"""Age of a file that was begun, from which nobody writes it any more."""


class Backlog:
    """A folder. Thread-safe, and safe for processes that share it."""

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        """Raises OSError where the folder cannot be made."""
        self._root, self._bad = root, root / "unreadable"
        self._max_bytes = max_bytes
        self._bytes = 0
        root.mkdir(parents=True, exist_ok=True)
        self._lock_file = root / "lock"
        self._lock_file.touch()

    def add(self, passing: NewPass) -> bool:
        """Whether there was room for it. Raises OSError."""
        data = to_bytes(passing)
        if self._bytes + len(data) > self._max_bytes:
            return False
        urgent = passing.event != "end"  # a gate waits for it, and it has no pictures to write
        name = f"{'0' if urgent else '1'}{time.time_ns():020}-{passing.id}"
        part = self._root / f"{name}{_PART}"
        part.write_bytes(data)
        part.replace(self._root / f"{name}{_SUFFIX}")
        self._bytes += len(data)
        return True

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else writes what is here to the database meanwhile."""
        with self._lock_file.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def waiting(self) -> list[Path]:
        """What is urgent first, then the oldest."""
        entries = list(os.scandir(self._root))
        self._clear([Path(entry.path) for entry in entries if entry.name.endswith(_PART)])
        found = [entry for entry in entries if entry.name.endswith(_SUFFIX)]
        total = 0
        for entry in found:
            with suppress(FileNotFoundError):  # written by another process meanwhile
                total += entry.stat().st_size
        self._bytes = total
        return [Path(entry.path) for entry in sorted(found, key=lambda entry: entry.name)]

    def wait_empty(self, seconds: float) -> bool:
        """False where something still waits after so long."""
        give_up = time.monotonic() + seconds
        while self.waiting():
            if time.monotonic() > give_up:
                return False
            time.sleep(_LOOK_S)
        return True

    def _clear(self, begun: list[Path]) -> None:
        for path in begun:
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - _ABANDONED_S:
                    path.unlink()

    def set_aside(self, path: Path) -> None:
        """Keep what cannot be written where it is in nobody's way. Raises OSError."""
        self._bad.mkdir(exist_ok=True)
        path.replace(self._bad / path.name)
        logger.error("a pass cannot be written to the store: it is kept in %s", self._bad)


def accepted(path: Path) -> int:
    """When a pass that waits was added, in nanoseconds since 1970."""
    return int(path.name[1:].partition("-")[0])


def to_bytes(passing: NewPass) -> bytes:
    head = asdict(passing)
    crop, frame = head.pop("crop") or b"", head.pop("frame") or b""
    evidence = head.pop("evidence")
    del head["matches"]  # found when it is written
    head["evidence"] = None if evidence is None else base64.b64encode(evidence).decode()
    head["at"], head["last_at"] = passing.at.isoformat(), passing.last_at.isoformat()
    text = json.dumps(head).encode()
    return b"".join([_SIZES.pack(len(text), len(crop), len(frame)), text, crop, frame])


def from_bytes(data: bytes) -> NewPass:
    """Raises ValueError for anything but what `to_bytes` wrote."""
    try:
        text_size, crop_size, frame_size = _SIZES.unpack_from(data)
        begin = _SIZES.size
        head = json.loads(data[begin : begin + text_size])
        crop = data[begin + text_size :][:crop_size]
        frame = data[begin + text_size + crop_size :]
        if (len(crop), len(frame)) != (crop_size, frame_size):
            raise ValueError("its end is missing")
        evidence = head.pop("evidence")
        turn = head.pop("turn", None)
        return NewPass(
            **head
            | {
                "at": datetime.fromisoformat(head["at"]),
                "last_at": datetime.fromisoformat(head["last_at"]),
                "candidates": tuple(Candidate(**each) for each in head["candidates"]),
                "evidence": None if evidence is None else base64.b64decode(evidence),
                "crop": crop or None,
                "frame": frame or None,
                "turn": None if turn is None else Turn(**turn),
            }
        )
    except (struct.error, KeyError, TypeError, AttributeError) as error:
        raise ValueError("these bytes are no pass") from error
