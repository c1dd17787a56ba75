"""Several looks at one plate to one reading.

Every look says how likely it would be if the plate showed this text or that (`app.nz.evidence`,
slips of the reader included), and the logarithms add up. Three things keep a sum honest:

- Looks are weighted by what predicts a right reading: the reader's confidence, height, sharpness.
- One look may speak against a text only so much (`FLOOR`): a blurred frame is confidently wrong,
  and must not outvote the others.
- Looks repeat each other's mistakes, so that many count as fewer (`INDEPENDENT`).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.nz.decoder import Candidate, PlateDecoder
from app.nz.evidence import Evidence
from app.nz.validation import Validation

FLOOR = math.log(0.0005)
"""Least logarithm of a text's likelihood in one look, against the likeliest text there."""
UNLISTED = math.log(1e-9)
"""The same of all texts together that no look thought of."""
INDEPENDENT = 0.5
"""Exponent: n equal looks count as n to this power."""
TRUST = 2.0
"""Exponent of the reader's confidence in a look's weight."""
FULL_HEIGHT = 28
"""Pixels; lower plates weigh less."""
BLURRED = 0.5
"""Least factor of sharpness, for a look without any against the sharpest one."""
KEPT = 40
"""Looks that a plate is read from, the best ones: a parked vehicle has thousands."""
CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a plate.

    `text` is as read, `plates` what it may be by itself, likeliest first, `answer` what it would
    be answered by itself. `height` is in pixels; `sharpness` has any unit.
    """

    at_s: float

    text: str
    answer: str
    plates: tuple[str, ...]
    confidence: float
    evidence: Evidence
    height: int
    sharpness: float
    small_plate: bool = False

    @property
    def weight(self) -> float:
        """Without sharpness, which only compares with others'."""
        return float(self.confidence**TRUST) * min(1.0, self.height / FULL_HEIGHT)


@dataclass(frozen=True, slots=True)
class FusedReading:
    """`confidence` is the probability of `plate`, among all plates and texts that are none.

    `reads` are the looks that had a text, `agreeing` those of them that had this one; `raw_reads`
    counts the texts.
    """

    plate: str
    confidence: float
    validation: Validation
    candidates: tuple[Candidate, ...]
    reads: int
    agreeing: int
    raw_reads: dict[str, int]


class PlateFusion:
    """Collects the looks at one plate."""

    def __init__(self, decoder: PlateDecoder) -> None:
        self._decoder = decoder
        self._looks: list[Look] = []
        self._votes: Counter[tuple[str, str]] = Counter()

    def add(self, look: Look) -> None:
        """Count another look; where there are many, the weakest is forgotten."""
        alone = look.plates[0] if look.plates else look.text
        self._votes[look.text, alone] += 1
        self._looks.append(look)
        if len(self._looks) > KEPT:
            self._looks.remove(min(self._looks, key=lambda kept: kept.weight))

    @property
    def looks(self) -> tuple[Look, ...]:
        """Those that the plate is read from, by their time."""
        return tuple(sorted(self._looks, key=lambda look: look.at_s))

    def reading(self) -> FusedReading | None:
        """What all looks together say; None before the first."""
        if not self._looks:
            return None
        weights = _weights(self._looks)
        small = sum(look.small_plate for look in self._looks) * 2 > len(self._looks)
        texts = self._hypotheses(weights, small)
        logs = sum(
            weight * _bounded(look.evidence, texts)
            for weight, look in zip(weights, self._looks, strict=True)
        )
        priors = [self._decoder.prior(text, small_plate=small) for text in texts]
        with np.errstate(divide="ignore"):
            lawful = logs + np.log([prior.lawful for prior in priors])
            foreign = logs + np.log([prior.foreign for prior in priors])
        # All texts that nobody thought of, as improbable as the looks let them be.
        unlisted = UNLISTED * float(weights.sum())
        total = float(np.logaddexp.reduce([*lawful, *foreign, unlisted]))
        together = np.logaddexp(lawful, foreign)
        best = int(together.argmax())
        plate = texts[best]
        candidates = [
            Candidate(text, prior.format, math.exp(log - total))
            for text, log, prior in zip(texts, lawful, priors, strict=True)
            if prior.format is not None
        ]
        candidates.sort(key=lambda candidate: -candidate.probability)
        raw_reads: Counter[str] = Counter()
        for (text, _), times in self._votes.items():
            raw_reads[text] += times
        return FusedReading(
            plate,
            math.exp(together[best] - total),
            self._decoder.validate(plate, small_plate=small),
            tuple(candidates[:CANDIDATES]),
            raw_reads.total(),
            sum(times for votes, times in self._votes.items() if plate in votes),
            dict(raw_reads.most_common()),
        )

    def _hypotheses(self, weights: NDArray[np.float64], small: bool) -> list[str]:
        """Texts that it may be: of each look, and of the sum of all."""
        found = dict.fromkeys(text for look in self._looks for text in (look.text, *look.plates))
        together = self._decoder.choose(
            [look.evidence for look in self._looks],
            self._looks[0].text,
            weights=weights.tolist(),
            small_plate=small,
        )
        found.update(dict.fromkeys(candidate.plate for candidate in together.candidates))
        return list(found)


def _weights(looks: Sequence[Look]) -> NDArray[np.float64]:
    """How often each look counts."""
    sharpest = max(look.sharpness for look in looks) or 1.0
    weights = np.array(
        [look.weight * (BLURRED + (1 - BLURRED) * look.sharpness / sharpest) for look in looks]
    )
    weights = np.maximum(weights, 1e-3)
    equal = float(weights.sum() / weights.max())
    return np.asarray(weights / weights.max() * equal ** (INDEPENDENT - 1))


def _bounded(evidence: Evidence, texts: Sequence[str]) -> NDArray[np.float64]:
    logs = evidence.log_likelihoods(texts)
    return np.asarray(np.maximum(logs - logs.max(), FLOOR))
