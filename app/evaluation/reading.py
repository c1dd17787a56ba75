"""Run the pipeline over a data set and note what came out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.errors import ImageError
from app.evaluation.dataset import Label, Photo
from app.evaluation.errors import DatasetError
from app.evaluation.matching import BoxF, Match, match_boxes, match_texts
from app.evaluation.outcomes import PhotoOutcome, PlateOutcome, RankedPlate, ReadPlate
from app.nz.decoder import Reading
from app.nz.validation import normalize
from app.vision.decode import decode_image
from app.vision.pipeline import PlatePipeline, ReadOptions, Stopwatch
from app.vision.types import Box, Characters, Frame, Plate

CANDIDATES_KEPT: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """One photo and its counted labels."""

    photo: PhotoOutcome
    plates: tuple[PlateOutcome, ...]


def read_photos(
    pipeline: PlatePipeline,
    photos: Iterable[Photo],
    options: ReadOptions,
    *,
    recall_only: bool = False,
) -> Iterator[Outcome]:
    """Detect and read, one photo after the other, each with the machine to itself.

    `recall_only` says that photos show plates without a label, so that an answer without a label
    is not wrong; photos without any plate keep their meaning.

    Raises:
        InferenceError: a network failed. Pictures that cannot be decoded are outcomes.
    """
    for photo in photos:
        try:
            result = pipeline.read_bytes(photo.path.read_bytes(), options)
        except ImageError as error:
            yield _judge(photo, [], {}, {}, recall_only=recall_only, error=str(error))
            continue
        found = [_from_plate(plate) for plate in result.plates]
        yield _judge(photo, found, result.timings_ms, result.rejected, recall_only=recall_only)


def read_crops(
    pipeline: PlatePipeline, photos: Sequence[Photo], *, max_pixels: int, small_aspect_ratio: float
) -> Iterator[Outcome]:
    """Read crops without detecting: along the labelled boxes, or pictures that are crops already.

    Those are the ones with a single plate whose box is not known or covers at least half of them.
    Crops less wide than `small_aspect_ratio` times their height are small plates.

    Raises:
        DatasetError: several plates in a picture, one of them without a box.
        InferenceError: the network failed.
    """
    for photo in photos:
        labels = [
            (i, label) for i, label in enumerate(photo.labels) if label.counted and label.text
        ]
        if len(photo.labels) > 1 and any(label.box is None for _, label in labels):
            raise DatasetError(f"{photo.name} has several plates and is no crop of one.")
        watch = Stopwatch()
        error: str | None = None
        frame: Frame | None = None
        try:
            with watch.stage("decode"):
                frame = decode_image(photo.path.read_bytes(), max_pixels=max_pixels)
        except ImageError as fault:
            error = str(fault)
        plates = tuple(
            PlateOutcome(
                photo.name,
                index,
                label.text,
                label.box,
                label.tags,
                _read_crop(pipeline, _crop(frame, photo, label), watch, small_aspect_ratio)
                if frame is not None
                else None,
                None,
            )
            for index, label in labels
        )
        timings = watch.timings_ms if error is None else {}
        yield Outcome(PhotoOutcome(photo.name, False, False, (), timings, {}, error), plates)


def _crop(frame: Frame, photo: Photo, label: Label) -> Frame:
    crop = cut(frame, label.box)
    height, width = crop.shape[:2]
    already = len(photo.labels) == 1 and 2 * height * width >= frame.shape[0] * frame.shape[1]
    return frame if already else crop


def cut(frame: Frame, box: BoxF | None) -> Frame:
    """The part of the frame in the box, at least one pixel of it; all of it without a box."""
    if box is None:
        return frame
    height, width = frame.shape[:2]
    x1, y1 = min(max(round(box[0]), 0), width - 1), min(max(round(box[1]), 0), height - 1)
    x2, y2 = min(max(round(box[2]), x1 + 1), width), min(max(round(box[3]), y1 + 1), height)
    return Box(x1, y1, x2, y2).crop(frame)


def _read_crop(
    pipeline: PlatePipeline, crop: Frame, watch: Stopwatch, small_aspect_ratio: float
) -> ReadPlate | None:
    with watch.stage("ocr"):
        (characters,) = pipeline.recognizer.read([crop])
    if not characters.text:
        return None
    height, width = crop.shape[:2]
    with watch.stage("interpret"):
        small = width < small_aspect_ratio * height
        reading = pipeline.decoder.decode(characters.probabilities, small_plate=small)
    return _read_plate(characters, reading, None, None)


def _from_plate(plate: Plate) -> ReadPlate:
    box = plate.detection.box
    return _read_plate(
        plate.characters,
        plate.reading,
        (box.x1, box.y1, box.x2, box.y2),
        plate.detection.confidence,
    )


def _read_plate(
    characters: Characters, reading: Reading, box: BoxF | None, detection_confidence: float | None
) -> ReadPlate:
    return ReadPlate(
        normalize(reading.raw),
        characters.confidence,
        reading.corrected_plate,
        tuple(
            RankedPlate(found.plate, found.format, found.probability)
            for found in reading.candidates[:CANDIDATES_KEPT]
        ),
        box,
        detection_confidence,
    )


def _judge(
    photo: Photo,
    found: Sequence[ReadPlate],
    timings_ms: dict[str, float],
    rejected: dict[str, int],
    *,
    recall_only: bool,
    error: str | None = None,
) -> Outcome:
    matches = match_photo(photo.labels, found)
    by_label = {match.label: match for match in matches}
    taken = {match.found for match in matches}
    plates = tuple(
        PlateOutcome(
            photo.name,
            index,
            label.text,
            label.box,
            label.tags,
            found[by_label[index].found] if index in by_label else None,
            by_label[index].iou if index in by_label else None,
        )
        for index, label in enumerate(photo.labels)
        if label.counted
    )
    negative = not photo.labels
    boxed = all(label.box is not None for label in photo.labels)
    unmatched = tuple(plate for index, plate in enumerate(found) if index not in taken)
    return Outcome(
        PhotoOutcome(
            photo.name,
            negative or (boxed and not recall_only),
            negative,
            unmatched,
            timings_ms,
            rejected,
            error,
        ),
        plates,
    )


def match_photo(labels: Sequence[Label], found: Sequence[ReadPlate]) -> list[Match]:
    """Labels with a box by place, then those without by text among what is left."""
    boxed = [(i, label.box) for i, label in enumerate(labels) if label.box is not None]
    located = [(j, plate.box) for j, plate in enumerate(found) if plate.box is not None]
    matches = [
        Match(boxed[match.label][0], located[match.found][0], match.iou)
        for match in match_boxes([box for _, box in boxed], [box for _, box in located])
    ]
    taken = {match.found for match in matches}
    named = [(i, label.text) for i, label in enumerate(labels) if label.box is None and label.text]
    rest = [(j, plate.raw) for j, plate in enumerate(found) if j not in taken]
    matches += [
        Match(named[match.label][0], rest[match.found][0], None)
        for match in match_texts([text for _, text in named], [raw for _, raw in rest])
    ]
    return matches
