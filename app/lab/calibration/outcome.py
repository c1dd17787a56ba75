"""Raw and decoded accuracy on plates of known text."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.nz.decoder import Reading
from app.nz.series import PERSONALISED


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of plates. Decoded is the correction where there is one, else the raw text.

    ``gained`` were wrong raw and right decoded, ``lost`` the other way round, ``changed`` wrong
    both times but differently. ``top3`` have the truth among the first three candidates. Of the
    wrong decoded ones ``within_grammar`` read as a plate of a series: no rule can tell.
    """

    plates: int
    raw_right: int
    decoded_right: int
    gained: int
    lost: int
    changed: int
    top3: int
    within_grammar: int

    @property
    def errors_removed(self) -> float:
        """Net share of the raw errors that decoding removed."""
        return (self.gained - self.lost) / max(1, self.plates - self.raw_right)

    @property
    def wrong_corrections(self) -> float:
        """Share of the right raw readings that decoding made wrong."""
        return self.lost / max(1, self.raw_right)


def outcome(truths: Sequence[str], readings: Sequence[Reading]) -> Outcome:
    raw_right = decoded_right = gained = lost = changed = top3 = within_grammar = 0
    for truth, reading in zip(truths, readings, strict=True):
        raw = reading.validation.normalized
        decoded = reading.corrected_plate or raw
        raw_right += raw == truth
        decoded_right += decoded == truth
        gained += raw != truth == decoded
        lost += raw == truth != decoded
        changed += raw != truth != decoded != raw
        top3 += truth in [candidate.plate for candidate in reading.candidates[:3]]
        if decoded != truth:
            within_grammar += reading.corrected_plate is not None or (
                reading.validation.valid and reading.validation.format != PERSONALISED
            )
    return Outcome(
        len(truths), raw_right, decoded_right, gained, lost, changed, top3, within_grammar
    )
