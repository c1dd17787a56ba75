"""Which frames of a live stream are read, and what time it is in it."""

EARLY_S = 1e-3
"""Times are rounded on the way: a frame may be so much before its moment."""
JUMP_S = 5.0
"""A stream whose time is so far off has begun its time anew."""
CREEP = 1e-3
"""Most that the clock of a camera runs slower than ours: seconds a second."""


class Pacer:
    """Chooses at most `fps` frames for each second of a stream's own time.

    There is a slot for each. A slot that passes without one of its frames being taken is counted
    as dropped: whoever reads is too slow.
    """

    def __init__(self, fps: float) -> None:
        self.dropped = 0
        self._fps = fps
        self._slot: int | None = None
        self._open = False

    def see(self, at_s: float) -> None:
        """A frame comes by."""
        slot = int((at_s + EARLY_S) * self._fps)
        if slot != self._slot:
            self.dropped += self._open
            self._slot, self._open = slot, True

    @property
    def is_due(self) -> bool:
        return self._open

    def take(self) -> bool:
        """Whether the frame that came by last is one to read; it then counts as read."""
        taken, self._open = self._open, False
        return taken


class StreamClock:
    """Times of a live stream, which may begin anew or run away, as times of one rising clock.

    A stream's time is anchored to when its frames arrive. Whatever arrives earlier than expected
    shows that the anchor was late: no frame comes before it was taken. Whatever arrives later was
    held up on its way, which shows as its age.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last = self._arrived = -1.0

    def restart(self) -> None:
        """The next frame is of another connection."""
        self._offset = None

    def passed(self, moment_s: float) -> None:
        """Frames from now on are later than that."""
        self._last = max(self._last, moment_s)

    def at(self, told_s: float, arrived_s: float) -> float:
        """The moment of a frame on our clock.

        Args:
            told_s: its time by the stream.
            arrived_s: when it came, by our clock.
        """
        found = arrived_s - told_s
        if self._offset is None or abs(found - self._offset) > JUMP_S:
            self._offset = found
        else:
            crept = self._offset + CREEP * max(0.0, arrived_s - self._arrived)
            self._offset = min(found, crept)
        self._arrived = arrived_s
        self._last = max(told_s + self._offset, self._last + EARLY_S)
        return self._last
