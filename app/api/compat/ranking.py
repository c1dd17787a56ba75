"""The readings of one plate as other services give them: one list, the best first."""

from dataclasses import dataclass
from typing import Literal

from app.vision.types import Plate

Preference = Literal["corrected", "raw"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A reading and how sure it is (0 to 1)."""

    text: str
    score: float


def ranked_readings(plate: Plate, prefer: Preference) -> tuple[Ranked, ...]:
    """At least one reading, by falling score.

    The first is the correction where there is one and it is preferred, else the text as read; then
    come the plates that it may be instead. Clients look all of them up in their lists.
    """
    best = _preferred(plate, prefer)
    others = (
        Ranked(candidate.plate, min(candidate.probability, best.score))
        for candidate in plate.reading.candidates
        if candidate.plate != best.text
    )
    return (best, *others)


def _preferred(plate: Plate, prefer: Preference) -> Ranked:
    correction, text = plate.reading.correction, plate.reading.corrected_plate
    if prefer == "raw":
        return Ranked(plate.characters.text, plate.characters.confidence)
    if correction is None or text is None:
        return Ranked(plate.reading.validation.normalized, plate.characters.confidence)
    return Ranked(text, correction.probability)


def is_lawful(plate: Plate, prefer: Preference) -> bool:
    """Whether the first of its readings can be a New Zealand plate, and not only a part of one."""
    if plate.cut:
        return False
    reading = plate.reading
    return reading.validation.valid or (prefer == "corrected" and reading.correction is not None)


def lawful_probability(plate: Plate) -> float:
    """How probable it is that the plate is one of New Zealand's, whichever."""
    return plate.reading.lawful
