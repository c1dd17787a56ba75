"""Plates of single frames to tracks: one plate followed over the frames.

Place, motion and text decide together. A vehicle is nearly always where its motion says; where two
are near each other, or one was hidden for a while, the text tells which is which. All times are
those of the stream: how many frames it has a second does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from app.nz.alignment import changes
from app.video.motion import Motion
from app.vision.types import Box, Plate

GATE = 16.3
"""Squared distance from the predicted place: 99.9 % of three degrees of freedom."""
GATE_SAME_TEXT = 60.0
"""For a text that is that of the track: who else would it be."""
STAYS = 0.3
"""Overlap with the last place that says that nothing has moved."""
ALIKE = 0.65
"""Texts of one plate, one of them misread."""
UNLIKE = 0.45
"""Texts of different plates, or one of them read as good as not."""
SURE = 0.75
"""Confidence of a reading whose text may speak against a track."""

HIDDEN_S = 0.7
"""After that the place alone, or a text that is only a little alike, tells nothing any more."""
LOST_S = 1.5
"""A moving plate that is not seen for so long has passed."""
PARKED_S = 30.0
"""A standing one: something stands before it, or the light is bad."""
PARKED_SPEED = 0.4
"""Heights a second below which a plate stands."""
OTHER_READS, OTHER_S = 3, 0.3
"""Reads of another text, one after the other, and their time, that make it another vehicle."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One plate in one frame. `text` is empty where it says nothing, as of a plate that is cut."""

    at_s: float
    box: Box
    text: str
    confidence: float
    plate: Plate | None = None
    sharpness: float = 0.0


@dataclass(slots=True)
class Track:
    """A plate followed over frames."""

    number: int
    motion: Motion
    first_box: Box
    last: Sighting
    texts: dict[str, float] = field(default_factory=dict)
    """Weighted by the confidence of the reads."""
    fresh: list[Sighting] = field(default_factory=list)
    """Sightings that are surely of it and that nobody has taken yet."""
    others: list[Sighting] = field(default_factory=list)
    """The last ones, of another text: misread, or of another vehicle."""

    @property
    def text(self) -> str:
        """The leading one so far, or nothing."""
        return max(self.texts, key=self.texts.__getitem__, default="")

    @property
    def last_s(self) -> float:
        return self.last.at_s

    @property
    def parked(self) -> bool:
        moved = abs(self.last.box.x1 - self.first_box.x1) + abs(
            self.last.box.y1 - self.first_box.y1
        )
        return self.motion.speed < PARKED_SPEED or moved < 1.0 * self.last.box.height

    def take(self) -> list[Sighting]:
        """What came since the last call."""
        taken, self.fresh = self.fresh, []
        return taken

    def see(self, sighting: Sighting) -> None:
        self.motion = self.motion.seen(sighting.at_s, sighting.box)
        self.last = sighting
        if self._is_other(sighting):
            self.others.append(sighting)
            return
        if sighting.text:
            self.believe_others()
        self._believe(sighting)

    def believe_others(self) -> None:
        """They were misread: what is seen now is the old text again, or nothing any more."""
        for other in self.others:
            self._believe(other)
        self.others = []

    def becomes_other(self) -> bool:
        """Whether it has changed its text for good."""
        others = self.others
        return (
            len(others) >= OTHER_READS
            and others[-1].at_s - others[0].at_s >= OTHER_S
            and all(similarity(others[0].text, other.text) >= ALIKE for other in others)
        )

    def _believe(self, sighting: Sighting) -> None:
        self.fresh.append(sighting)
        if sighting.text:
            self.texts[sighting.text] = self.texts.get(sighting.text, 0.0) + sighting.confidence

    def _is_other(self, sighting: Sighting) -> bool:
        return (
            bool(sighting.text and self.text)
            and sighting.confidence >= SURE
            and similarity(sighting.text, self.text) < UNLIKE
        )


class Tracker:
    """Follows plates. Not thread-safe: one for each video."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._numbers = count(1)

    def step(self, at_s: float, sightings: Sequence[Sighting]) -> list[Track]:
        """Take the plates of a frame, later than the last one; returns the tracks that ended."""
        ended = [track for track in self.tracks if _is_over(track, at_s)]
        self.tracks = [track for track in self.tracks if track not in ended]
        seen = self._assign(at_s, sightings)
        for index, sighting in enumerate(sightings):
            if index not in seen:
                self.tracks.append(self._begin([sighting]))
                continue
            track = seen[index]
            track.see(sighting)
            if track.becomes_other():
                others, track.others = track.others, []
                self.tracks.remove(track)
                self.tracks.append(self._begin(others))
                ended.append(track)
        for track in ended:
            track.believe_others()
        return ended

    def end(self) -> list[Track]:
        """End all tracks, as at a cut or at the end of the video."""
        ended, self.tracks = self.tracks, []
        for track in ended:
            track.believe_others()
        return ended

    def _begin(self, sightings: Sequence[Sighting]) -> Track:
        first = sightings[0]
        motion = Motion.first(first.at_s, first.box)
        track = Track(next(self._numbers), motion, first.box, first)
        for sighting in sightings:
            track.see(sighting)
        return track

    def _assign(self, at_s: float, sightings: Sequence[Sighting]) -> dict[int, Track]:
        """The track of each sighting, by its index, that is of one."""
        if not self.tracks or not sightings:
            return {}
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  # no picture needs it

        costs = np.array(
            [[_cost(track, sighting, at_s) for sighting in sightings] for track in self.tracks]
        )
        # A track may stay without a sighting, at cost 1: a column of its own for that.
        unseen = np.full((len(self.tracks), len(self.tracks)), np.inf)
        np.fill_diagonal(unseen, 1.0)
        rows, columns = linear_sum_assignment(np.hstack([costs, unseen]))
        return {
            int(column): self.tracks[row]
            for row, column in zip(rows, columns, strict=True)
            if column < len(sightings)
        }


def similarity(one: str, other: str) -> float:
    """1 for equal texts, 0 for those that share nothing (1 - Levenshtein over the longer one)."""
    if one == other:
        return 1.0
    return 1 - len(changes(one, other)) / max(len(one), len(other))


def _is_over(track: Track, at_s: float) -> bool:
    return at_s - track.last_s > (PARKED_S if track.parked else LOST_S)


def _cost(track: Track, sighting: Sighting, at_s: float) -> float:
    """From 0 for what is surely of the track to 1; infinite for what is not."""
    far = track.motion.predicted(at_s).distance(sighting.box)
    stays = track.last.box.iou(sighting.box)
    alike = _alike(track, sighting)
    if alike is not None and alike >= ALIKE:
        near = far <= GATE_SAME_TEXT or stays > STAYS
    elif at_s - track.last_s > HIDDEN_S:
        near = alike is None and stays > STAYS
    elif alike is not None and alike < UNLIKE and sighting.confidence >= SURE:
        near = far <= GATE and stays > 0
    else:
        near = far <= GATE or stays > STAYS
    if not near:
        return np.inf
    return 0.5 * min(far / GATE_SAME_TEXT, 1.0) + 0.45 * (0.5 if alike is None else 1 - alike)


def _alike(track: Track, sighting: Sighting) -> float | None:
    """How alike the texts are; None where there is none to compare."""
    if not (sighting.text and track.text):
        return None
    others = [other.text for other in track.others[-1:]]  # it may be becoming another vehicle
    return max(similarity(sighting.text, text) for text in (track.text, *others))
