"""How far two pipelines answer the same on the same pictures."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.lab.evaluation.matching import iou
from app.vision.types import Box, FrameResult, Plate


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over all pictures. Plates are paired in the order of their boxes, where both pipelines found
    equally many; `least_iou` and the differences are of these pairs."""

    pictures: int
    plates: int
    other_texts: int
    """Pictures whose list of texts differs."""
    least_iou: float
    detection_difference: float
    """Greatest difference of the detector's confidences."""
    character_difference: float
    """Greatest difference of the confidences of a plate's characters."""


def agreement(results: Iterable[tuple[FrameResult, FrameResult]]) -> Agreement:
    """Compare what two pipelines answered, picture by picture."""
    pictures = plates = other = 0
    overlaps, detections, characters = [1.0], [0.0], [0.0]
    for one, another in results:
        pictures += 1
        pairs = list(zip(_ordered(one), _ordered(another), strict=False))
        plates += len(pairs)
        texts = [(a.characters.text, b.characters.text) for a, b in pairs]
        other += len(one.plates) != len(another.plates) or any(a != b for a, b in texts)
        if len(one.plates) == len(another.plates):
            for a, b in pairs:
                overlaps.append(iou(_corners(a.detection.box), _corners(b.detection.box)))
                detections.append(abs(a.detection.confidence - b.detection.confidence))
                characters.append(abs(a.characters.confidence - b.characters.confidence))
    return Agreement(pictures, plates, other, min(overlaps), max(detections), max(characters))


def _ordered(result: FrameResult) -> list[Plate]:
    return sorted(result.plates, key=lambda plate: _corners(plate.detection.box))


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.x1, box.y1, box.x2, box.y2
