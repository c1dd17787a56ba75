"""Pictures out of a `multipart/x-mixed-replace` stream, as cameras send MJPEG over HTTP."""

import re
from collections.abc import Iterator

from app.errors import CameraLost

_HEAD = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_LONGEST_HEAD = 1 << 14


class MultipartPictures:
    """Takes bytes as they come and gives the parts that are complete.

    Cameras take liberties: the boundary that they announce may have the dashes of its lines
    already, or not, and lengths may be missing. What counts is the line each part begins with.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._boundary = b""
        self._length: int | None = None
        self._in_body = False
        self._searched = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Raises CameraLost: this is no such stream, or a part is too large."""
        self._buffer += data
        while self._in_body or self._begin_part():
            part = self._part()
            if part is None:
                return
            self._in_body = False
            yield part

    def _begin_part(self) -> bool:
        """Read the head of the next part; False where it is not there yet."""
        begin = 0
        while begin < len(self._buffer) and self._buffer[begin] in b"\r\n":
            begin += 1
        del self._buffer[:begin]
        end = _HEAD.search(self._buffer)
        if end is None:
            if len(self._buffer) > _LONGEST_HEAD:
                raise CameraLost("The stream is damaged: a part has no beginning.")
            return False
        head = bytes(self._buffer[: end.start()])
        if not head.startswith(b"--") or len(head) > _LONGEST_HEAD:
            raise CameraLost("The stream is damaged: a part has no beginning.")
        del self._buffer[: end.end()]
        self._boundary = head.splitlines()[0].rstrip()
        length = _LENGTH.search(head)
        self._length = None if length is None else int(length[1])
        self._in_body, self._searched = True, 0
        if (self._length or 0) > self._max_bytes:
            raise self._too_large()
        return True

    def _part(self) -> bytes | None:
        """The body of the part; None where it is not complete."""
        if self._length is not None:
            return self._cut(self._length) if len(self._buffer) >= self._length else None
        end = self._buffer.find(b"\n" + self._boundary, self._searched)
        if end >= 0:
            return self._cut(end)
        if len(self._buffer) > self._max_bytes:
            raise self._too_large()
        self._searched = max(0, len(self._buffer) - len(self._boundary))
        return None

    def _cut(self, end: int) -> bytes:
        part = bytes(self._buffer[:end])
        del self._buffer[:end]
        return part

    def _too_large(self) -> CameraLost:
        return CameraLost(f"A picture of the stream has more than {self._max_bytes} bytes.")
