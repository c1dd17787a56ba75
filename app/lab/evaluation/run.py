"""Run the pipeline over a data set and note what came out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from app.errors import ImageError
from app.lab.calibration.samples import Samples
from app.lab.errors import DatasetError
from app.lab.evaluation.conditions import tag_values
from app.lab.evaluation.dataset import Label, Photo
from app.lab.evaluation.matching import BoxF, Match, match_boxes, match_texts
from app.lab.evaluation.results import PhotoOutcome, PlateOutcome, RankedPlate, ReadPlate
from app.nz.decoder import Reading
from app.nz.validation import normalize
from app.vision.images.decode import decode_image
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.stopwatch import Stopwatch
from app.vision.types import Box, Characters, Frame, FrameResult, Looks, Plate

CANDIDATES_KEPT: Final = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """A plate of known text that was read, as the OCR saw it."""

    text: str
    tags: dict[str, str]
    looks: Looks
    box: Box


@dataclass(frozen=True, slots=True)
class PhotoReading:
    """One photo, its counted labels, and what was seen of those of known text."""

    photo: PhotoOutcome
    plates: tuple[PlateOutcome, ...]
    samples: tuple[Sample, ...] = ()


def read_photos(
    pipeline: PlatePipeline,
    photos: Iterable[Photo],
    options: ReadOptions,
    *,
    recall_only: bool = False,
) -> Iterator[PhotoReading]:
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
            yield _judge(photo, None, recall_only=recall_only, error=str(error))
            continue
        yield _judge(photo, result, recall_only=recall_only)


def read_crops(
    pipeline: PlatePipeline, photos: Sequence[Photo], *, max_pixels: int
) -> Iterator[PhotoReading]:
    """Read crops without detecting: along the labelled boxes, or pictures that are crops already.

    Those are the ones with a single plate whose box is not known or covers at least half of them.

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
        plates, samples = [], []
        for index, label in labels:
            read = None
            if frame is not None:
                box = _box(frame, photo, label)
                with watch.stage("ocr"):
                    (looks,) = pipeline.read_boxes(frame, [box])
                with watch.stage("interpret"):
                    reading = pipeline.interpret(looks, box)
                read = _read_plate(looks.first, reading) if looks.first.text else None
                samples.append(Sample(label.text or "", label.tags, looks, box))
            plates.append(
                PlateOutcome(photo.name, index, label.text, label.box, label.tags, read, None)
            )
        timings = watch.timings_ms if error is None else {}
        yield PhotoReading(
            PhotoOutcome(photo.name, False, False, (), timings, {}, error),
            tuple(plates),
            tuple(samples),
        )


def _box(frame: Frame, photo: Photo, label: Label) -> Box:
    height, width = frame.shape[:2]
    box = clip(frame, label.box)
    already = len(photo.labels) == 1 and 2 * box.height * box.width >= height * width
    return Box(0, 0, width, height) if already else box


def clip(frame: Frame, box: BoxF | None) -> Box:
    """The part of the frame in the box, at least one pixel of it; all of it without a box."""
    height, width = frame.shape[:2]
    if box is None:
        return Box(0, 0, width, height)
    x1, y1 = min(max(round(box[0]), 0), width - 1), min(max(round(box[1]), 0), height - 1)
    return Box(
        x1, y1, min(max(round(box[2]), x1 + 1), width), min(max(round(box[3]), y1 + 1), height)
    )


def cut(frame: Frame, box: BoxF | None) -> Frame:
    """The frame inside `clip(frame, box)`."""
    return clip(frame, box).crop(frame)


def _from_plate(plate: Plate) -> ReadPlate:
    box = plate.detection.box
    return replace(
        _read_plate(plate.characters, plate.reading),
        box=(box.x1, box.y1, box.x2, box.y2),
        detection_confidence=plate.detection.confidence,
        plate_confidence=plate.sure.plate,
        text_confidence=plate.sure.text,
        witnesses=plate.sure.witnesses,
    )


def _read_plate(characters: Characters, reading: Reading) -> ReadPlate:
    return ReadPlate(
        normalize(reading.raw),
        characters.confidence,
        reading.corrected_plate,
        tuple(
            RankedPlate(found.plate, found.format, found.probability)
            for found in reading.candidates[:CANDIDATES_KEPT]
        ),
        box=None,
        detection_confidence=None,
    )


def _judge(
    photo: Photo, result: FrameResult | None, *, recall_only: bool, error: str | None = None
) -> PhotoReading:
    answered = result.plates if result else ()
    found = [_from_plate(plate) for plate in answered]
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
    return PhotoReading(
        PhotoOutcome(
            photo.name,
            negative or (boxed and not recall_only),
            negative,
            unmatched,
            result.timings_ms if result else {},
            result.rejected if result else {},
            error,
            result.passes if result else None,
        ),
        plates,
        _samples(photo, answered, matches),
    )


def _samples(
    photo: Photo, answered: Sequence[Plate], matches: Sequence[Match]
) -> tuple[Sample, ...]:
    pairs = [(photo.labels[match.label], answered[match.found]) for match in matches]
    return tuple(
        Sample(label.text, label.tags, plate.looks, plate.detection.box)
        for label, plate in pairs
        if label.counted and label.text
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


def to_samples(
    pipeline: PlatePipeline, seen: Sequence[Sample], columns: Sequence[str] = ()
) -> Samples:
    """`columns` of the data set name the condition of each plate. Raises DatasetError for none."""
    if not seen:
        raise DatasetError("No plate of known text was read, so there are no samples to keep.")
    return Samples(
        np.stack([sample.looks.decoded.probabilities for sample in seen]),
        np.array([normalize(sample.looks.first.text) for sample in seen]),
        np.array([sample.text for sample in seen]),
        np.array([pipeline.is_small(sample.box) for sample in seen]),
        np.array(["/".join(_values(sample, columns)) for sample in seen]),
        pipeline.recognizer.alphabet,
        pipeline.recognizer.pad_char,
    )


def _values(sample: Sample, columns: Sequence[str]) -> list[str]:
    return ["+".join(tag_values(sample.tags, column)) for column in columns]
