"""A process that decodes, as seen by the one that reads its frames."""

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PIECE = 1 << 20
_LONGEST_LINE = 1 << 12
_ROOT = Path(__file__).resolve().parents[3]


class DecoderProcess:
    """Runs a module that writes messages: a line of JSON each, for a frame followed by its pixels.

    Not thread-safe but for `kill`.
    """

    def __init__(self, module: str, *arguments: str, asked: bool = False) -> None:
        """
        Args:
            arguments: everybody on the machine can read them.
            asked: it gets lines on its standard input, by `tell`.
        """
        self.ended = False
        """It has written all it will."""
        self._buffer = bytearray()
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=_ROOT,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout

    @property
    def status(self) -> int | None:
        """Exit status; None while it runs."""
        return self._process.returncode

    def kill(self) -> None:
        """End it, from any thread: whoever waits for a message gets none."""
        self._process.kill()

    def close(self) -> None:
        """End it and forget it."""
        self.kill()
        self._process.wait()
        self._out.close()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def tell(self, line: bytes) -> None:
        """Write to it; without effect where it has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
        except BrokenPipeError:
            self.ended = True

    def message(self, seconds: float) -> dict[str, Any] | None:
        """Its next message; None where none comes in time, or any more."""
        while (end := self._buffer.find(b"\n", 0, _LONGEST_LINE)) < 0:
            if not self._more(seconds):
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        message: dict[str, Any] = json.loads(line)
        return message

    def take(self, size: int, seconds: float) -> bytes | None:
        """That many bytes after a message; None where they do not come in time, or any more."""
        while len(self._buffer) < size:
            if not self._more(seconds):
                return None
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _more(self, seconds: float) -> bool:
        """Wait for bytes; False at the end or where it takes too long."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                if selector.select(left):
                    piece = os.read(self._out.fileno(), _PIECE)
                    self._buffer += piece
                    self.ended = not piece
                    return bool(piece)
        return False
