"""Frames to passes: read each frame, follow the plates, tell what passes."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import cv2

from app.nz.decoder import PlateDecoder
from app.video.cuts import CutDetector
from app.video.fusion import FusedReading, Look, PlateFusion
from app.video.passes import BestFrame, EventKind, Pass, PassEvent, Progress, direction
from app.video.tracking import Sighting, Track, Tracker
from app.video.types import Silence, VideoFrame
from app.vision.pipeline import ReadOptions
from app.vision.types import Box, Frame, FrameResult, Plate

BETTER = 0.05
"""A rise of the probability that is worth an event; another text always is."""
SURER = 5.0
"""So is a doubt that many times smaller, as from 0.95 to 0.99, which a gate may wait for..."""
SURE = 0.999
"""... unless it was as small as that already."""


class FrameReader(Protocol):
    """What reads one frame: a pipeline itself, or one behind an engine."""

    @property
    def decoder(self) -> PlateDecoder: ...

    def read_frame(self, frame: Frame, options: ReadOptions) -> FrameResult | None:
        """None where there was no time for it: nothing is known of that frame."""

    def is_small(self, box: Box) -> bool: ...


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a video is watched.

    `min_agreeing` reads of the same text make a pass; fewer are never told. `new_confidence` is the
    probability from which it is told at once, not at its end: what opens a gate. `formats` are
    those of the passes told, empty for all: a filter of the result, so that misread frames vote.
    `read.crops` is for whoever shows the passes.
    """

    read: ReadOptions
    min_agreeing: int = 2
    new_confidence: float = 0.9
    formats: frozenset[str] = frozenset()


def watch(
    frames: Iterable[VideoFrame | Silence], reader: FrameReader, options: WatchOptions
) -> Iterator[PassEvent | Progress]:
    """Tell the passes of a video as they happen, and after each frame that it was read.

    Times of the frames must rise. Nothing is read ahead: a frame is taken when the one before is
    done. In the silence of a live stream passes end by its time. Raises what the frames and the
    reader raise.
    """
    tracker, cuts = Tracker(), CutDetector()
    known: dict[int, _Passing] = {}
    read = replace(options.read, crops=False)
    at_s, unread = 0.0, 0

    def over(tracks: Iterable[Track]) -> Iterator[PassEvent]:
        nonlocal unread
        for track in tracks:
            passing = known.pop(track.number)
            passing.take(track)
            yield from passing.end(at_s)
            unread += passing.is_unread

    for frame in frames:
        at_s = frame.at_s
        if isinstance(frame, Silence):
            yield from over(tracker.step(at_s, []))
            continue
        if cuts.is_cut(frame.picture):
            yield from over(tracker.end())
        result = reader.read_frame(frame.picture, read)
        if result is None:
            continue
        ended = tracker.step(at_s, [_sighting(frame, plate) for plate in result.plates])
        for track in tracker.tracks:
            if track.number not in known:
                known[track.number] = _Passing(reader, options)
            if track.last_s == at_s:
                known[track.number].take(track, frame)
                yield from known[track.number].tell(at_s)
        yield from over(ended)
        yield Progress(at_s, len(result.plates), result.timings_ms, result.passes, unread)
        unread = 0
    yield from over(tracker.end())


def _sighting(frame: VideoFrame, plate: Plate) -> Sighting:
    characters = plate.characters
    text = "" if plate.cut else plate.reading.corrected_plate or characters.text
    grey = cv2.cvtColor(plate.detection.box.crop(frame.picture), cv2.COLOR_BGR2GRAY)
    # Variance of the Laplacian, the usual measure of focus (Pech-Pacheco et al. 2000).
    sharpness = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return Sighting(frame.at_s, plate.detection.box, text, characters.confidence, plate, sharpness)


@dataclass(slots=True)
class _Passing:
    """One track on its way to a pass."""

    reader: FrameReader
    options: WatchOptions
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    fusion: PlateFusion = field(init=False)
    first: Sighting | None = None
    last: Sighting | None = None
    frames: int = 0
    best: tuple[tuple[bool, float], BestFrame] | None = None
    told: FusedReading | None = None

    def __post_init__(self) -> None:
        self.fusion = PlateFusion(self.reader.decoder)

    def take(self, track: Track, frame: VideoFrame | None = None) -> None:
        """Count what is new of the track, of which the last may be in this frame."""
        for sighting in track.take():
            plate = sighting.plate
            assert plate is not None
            self.first = self.first or sighting
            self.last = sighting
            self.frames += 1
            if sighting.text:
                self.fusion.add(self._look(sighting, plate))
            rank = bool(sighting.text), sighting.confidence * plate.detection.confidence
            here = frame is not None and sighting.at_s == frame.at_s
            if frame is not None and here and (self.best is None or rank > self.best[0]):
                self.best = rank, BestFrame(sighting.at_s, plate, frame.picture)

    def tell(self, at_s: float) -> Iterator[PassEvent]:
        """`new` or `update`, where there is something to tell."""
        reading = self._reading()
        if reading is None or self.best is None:
            return
        if self.told is None:
            if reading.confidence >= self.options.new_confidence:
                yield self._event("new", at_s, reading)
        elif reading.plate != self.told.plate or is_better(
            reading.confidence, self.told.confidence
        ):
            yield self._event("update", at_s, reading)

    def end(self, at_s: float) -> Iterator[PassEvent]:
        """`end`, after `new` where nothing was told so far; what was told is not taken back."""
        reading = self._reading() or self.told
        if reading is None or self.best is None:
            return
        if self.told is None:
            yield self._event("new", at_s, reading)
        yield self._event("end", at_s, reading)

    @property
    def is_unread(self) -> bool:
        """Whether a plate was there long enough, and nothing was told of it."""
        return self.told is None and self.frames >= self.options.min_agreeing

    def _reading(self) -> FusedReading | None:
        reading = self.fusion.reading()
        if reading is None or reading.agreeing < self.options.min_agreeing:
            return None
        wanted = self.options.formats
        return reading if not wanted or reading.validation.format in wanted else None

    def _event(self, kind: EventKind, at_s: float, reading: FusedReading) -> PassEvent:
        assert self.first is not None
        assert self.last is not None
        assert self.best is not None
        self.told = reading
        return PassEvent(
            kind,
            at_s,
            Pass(
                id=self.id,
                reading=reading,
                first_seen_s=self.first.at_s,
                last_seen_s=self.last.at_s,
                frames=self.frames,
                direction=direction(self.first.box, self.last.box),
                best=self.best[1],
                looks=self.fusion.looks,
            ),
        )

    def _look(self, sighting: Sighting, plate: Plate) -> Look:
        return Look(
            at_s=sighting.at_s,
            text=plate.characters.text,
            answer=sighting.text,
            plates=tuple(candidate.plate for candidate in plate.reading.candidates),
            confidence=sighting.confidence,
            evidence=tuple(
                self.reader.decoder.evidence(crop.probabilities)
                for crop in (plate.looks.first, plate.looks.wider)
                if crop is not None
            ),
            height=sighting.box.height,
            sharpness=sighting.sharpness,
            small_plate=self.reader.is_small(sighting.box),
        )


def is_better(confidence: float, told: float) -> bool:
    """Whether a probability of the same text is worth telling after another."""
    doubt_fell = told < SURE and SURER * (1 - confidence) <= 1 - told
    return doubt_fell or confidence >= told + BETTER
