"""Watch clips and note what passes."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.errors import ImageError, VideoError
from app.lab.evaluation.clips.dataset import Clip, PassLabel
from app.lab.evaluation.clips.matching import assign
from app.lab.evaluation.clips.results import ClipOutcome, FoundPass, PassOutcome
from app.lab.evaluation.clips.ways import fuse_all
from app.nz.decoder import PlateDecoder
from app.nz.validation import normalize
from app.video.fusion import PlateFusion
from app.video.passes import Pass, PassEvent
from app.video.sources.file import FileSource
from app.video.watching import FrameReader, WatchOptions, watch


@dataclass(frozen=True, slots=True)
class ClipReading:
    """One clip, and its counted labels."""

    clip: ClipOutcome
    passes: tuple[PassOutcome, ...]


@dataclass(frozen=True, slots=True)
class _Watched:
    passes: tuple[Pass, ...]
    duration_s: float
    frames: int
    error: str | None


def read_clips(
    reader: FrameReader,
    clips: Iterable[Clip],
    options: WatchOptions,
    *,
    fps: float,
    max_pixels: int,
    recall_only: bool = False,
) -> Iterator[ClipReading]:
    """Watch one clip after the other.

    `recall_only` says that vehicles without a label pass in them, so that it is not wrong to tell
    those.

    Raises:
        InferenceError: a network failed. Clips that cannot be decoded are outcomes.
    """
    for clip in clips:
        watched = _watch(clip.path, reader, options, fps=fps, max_pixels=max_pixels)
        yield _judge(clip, watched, reader.decoder, options, recall_only=recall_only)


def _watch(
    path: Path, reader: FrameReader, options: WatchOptions, *, fps: float, max_pixels: int
) -> _Watched:
    # Also passes too few frames of which agree: how else could it be compared who reads them?
    everything = replace(options, min_agreeing=1)
    passes: list[Pass] = []
    frames = 0
    try:
        with FileSource(path, fps=fps, max_pixels=max_pixels) as source:
            for event in watch(source, reader, everything):
                if not isinstance(event, PassEvent):
                    frames += 1
                elif event.kind == "end":
                    passes.append(event.passing)
            return _Watched(tuple(passes), source.duration_s, frames, source.warning)
    except (VideoError, ImageError) as error:
        return _Watched(tuple(passes), 0.0, frames, str(error))


def _judge(
    clip: Clip,
    watched: _Watched,
    decoder: PlateDecoder,
    options: WatchOptions,
    *,
    recall_only: bool,
) -> ClipReading:
    passes = watched.passes
    assigned = assign(clip.labels, passes)
    taken = {j for of_label in assigned.values() for j in of_label}
    unmatched = [_found(one, options) for j, one in enumerate(passes) if j not in taken]
    outcome = ClipOutcome(
        clip.name,
        not (clip.labels and recall_only),
        tuple(one for one in unmatched if one.told),
        watched.duration_s,
        watched.frames,
        watched.error,
    )
    return ClipReading(
        outcome,
        tuple(
            _outcome(clip.name, label, [passes[j] for j in assigned[i]], decoder, options)
            for i, label in enumerate(clip.labels)
            if label.counted
        ),
    )


def _outcome(
    name: str,
    label: PassLabel,
    passes: Sequence[Pass],
    decoder: PlateDecoder,
    options: WatchOptions,
) -> PassOutcome:
    looks = passes[0].looks if passes else ()
    told_s = _first_right_s(label.text, passes[0], decoder, options) if passes else None
    return PassOutcome(
        name,
        label.text,
        label.start_s,
        None if math.isinf(label.end_s) else label.end_s,
        label.tags,
        tuple(_found(one, options) for one in passes),
        fuse_all(looks, decoder) if looks else {},
        len(looks),
        sum(normalize(look.answer) == label.text for look in looks),
        None if told_s is None else max(0.0, told_s - label.start_s),
    )


def _first_right_s(
    truth: str, passing: Pass, decoder: PlateDecoder, options: WatchOptions
) -> float | None:
    """When the right text would have been told, look after look, as `watch` does."""
    fusion = PlateFusion(decoder)
    for look in passing.looks:
        fusion.add(look)
        reading = fusion.reading()
        assert reading is not None
        sure = reading.confidence >= options.new_confidence
        if reading.plate == truth and sure and reading.agreeing >= options.min_agreeing:
            return look.at_s
    right = passing.reading.plate == truth and passing.reading.agreeing >= options.min_agreeing
    return passing.last_seen_s if right else None


def _found(passing: Pass, options: WatchOptions) -> FoundPass:
    reading = passing.reading
    return FoundPass(
        reading.plate,
        reading.confidence,
        reading.validation.format,
        passing.first_seen_s,
        passing.last_seen_s,
        passing.frames,
        reading.reads,
        reading.agreeing,
        reading.raw_reads,
        reading.agreeing >= options.min_agreeing,
    )
