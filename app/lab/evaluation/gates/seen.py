"""Vehicles as gates and lists get to see them: their events, beside what their plate shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from app.errors import ImageError, VideoError
from app.lab.evaluation.clips.dataset import Clip
from app.lab.evaluation.clips.matching import assign
from app.lab.evaluation.dataset import Photo
from app.lab.evaluation.matching import BoxF, match_boxes
from app.nz.validation import normalize
from app.passes.records import NewPass
from app.passes.taking import pass_of_video, passes_of_picture
from app.video.passes import Pass, PassEvent
from app.video.sources.file import FileSource
from app.video.watching import FrameReader, WatchOptions, watch
from app.vision.pipeline import PlatePipeline, ReadOptions

CAMERA: Final = "camera"
BEGUN: Final = datetime(2026, 11, 27, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """`truth` is what the plate shows, None where nobody knows, so that it is a stranger's alone.

    `tellings` may open a gate; `kept` are passes that are compared with lists.
    """

    truth: str | None
    tellings: tuple[NewPass, ...]
    kept: tuple[NewPass, ...]


def in_clips(
    reader: FrameReader,
    clips: Iterable[Clip],
    options: WatchOptions,
    *,
    fps: float,
    max_pixels: int,
) -> Iterator[Sequence[Seen]]:
    """Those of each clip. Raises InferenceError; of a damaged clip what came before counts."""
    for clip in clips:
        told: dict[str, list[NewPass]] = {}
        passes: list[Pass] = []
        try:
            with FileSource(clip.path, fps=fps, max_pixels=max_pixels) as source:
                for event in watch(source, reader, options):
                    if isinstance(event, PassEvent):
                        told.setdefault(event.passing.id, []).append(_event(event))
                        passes += [event.passing] if event.kind == "end" else []
        except (VideoError, ImageError):
            pass
        assigned = assign(clip.labels, passes)
        taken = {j for of_label in assigned.values() for j in of_label}
        found = [
            _seen(label.text, [told[passes[j].id] for j in assigned[i]])
            for i, label in enumerate(clip.labels)
            if label.counted
        ]
        others = [told[one.id] for j, one in enumerate(passes) if j not in taken]
        yield [*found, *(_seen(None, [events]) for events in others)]


def in_photos(
    pipeline: PlatePipeline, photos: Iterable[Photo], options: ReadOptions
) -> Iterator[Sequence[Seen]]:
    """Those of each photo with boxes: a pass of one frame each. Raises InferenceError."""
    for photo in photos:
        labels = [label for label in photo.labels if label.box is not None and label.text]
        try:
            result = pipeline.read_bytes(photo.path.read_bytes(), options)
        except ImageError:
            yield [Seen(label.text, (), ()) for label in labels]
            continue
        passes = list(
            passes_of_picture(result, b"", pipeline.decoder, camera=CAMERA, at=BEGUN, request_id="")
        )
        pairs = match_boxes(
            [label.box for label in labels if label.box is not None],
            [_box(**one.detail["bbox"]) for one in passes],
        )
        read = {pair.label: (passes[pair.found],) for pair in pairs}
        yield [
            Seen(normalize(label.text or ""), read.get(i, ()), read.get(i, ()))
            for i, label in enumerate(labels)
            if label.counted
        ]


def _box(x: float, y: float, width: float, height: float) -> BoxF:
    return x, y, x + width, y + height


def _seen(truth: str | None, passes: Sequence[Sequence[NewPass]]) -> Seen:
    events = [event for of_pass in passes for event in of_pass]
    return Seen(
        truth,
        tuple(event for event in events if event.event != "end"),
        tuple(event for event in events if event.event == "end"),
    )


def _event(event: PassEvent) -> NewPass:
    """Without pictures, which nobody looks at."""
    passing = event.passing
    lasting = pass_of_video(
        passing,
        source="camera",
        camera=CAMERA,
        first_seen=BEGUN + timedelta(seconds=passing.first_seen_s),
        last_seen=BEGUN + timedelta(seconds=passing.last_seen_s),
        event="update",
    )
    return replace(lasting, event=event.kind)
