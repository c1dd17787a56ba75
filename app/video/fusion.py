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
AGREEMENT, DOUBT = 2.4, 0.5
"""Of a text that is no plate of New Zealand: the odds that it is right are those of its reads
against those of the text read most besides it, to this power and times this. Nothing lists what
else it may be, so the looks' own probabilities tell nothing. Fitted on drawn foreign plates."""
KEPT = 40
"""Looks that a plate is read from, the best ones: a parked vehicle has thousands."""
CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a plate.

    `text` is as read, `plates` what it may be by itself, likeliest first, `answer` what it would
    be answered by itself. `evidence` is that of each crop of it: as it was found and, where that
    left doubt, with a margin. `height` is in pixels; `sharpness` has any unit.
    """

    at_s: float

    text: str
    answer: str
    plates: tuple[str, ...]
    confidence: float
    evidence: tuple[Evidence, ...]
    height: int
    sharpness: float
    small_plate: bool = False

    @property
    def weight(self) -> float:
        """Without sharpness, which only compares with others'."""
        return float(self.confidence**TRUST) * min(1.0, self.height / FULL_HEIGHT)


@dataclass(frozen=True, slots=True)
class FusedReading:
    """`confidence` is the probability of `plate`, among all plates and texts that are none; of a
    text that is none it is how far the looks agree.

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


@dataclass(frozen=True, slots=True)
class _Fused:
    """What the looks that are kept say; `foreign` plates are explained by no series."""

    plate: str
    probability: float
    foreign: bool
    validation: Validation
    candidates: tuple[Candidate, ...]
    others: tuple[str, ...]


class PlateFusion:
    """Collects the looks at one plate."""

    def __init__(self, decoder: PlateDecoder) -> None:
        self._decoder = decoder
        self._looks: list[Look] = []
        self._votes: Counter[tuple[str, str]] = Counter()
        self._fused: _Fused | None = None

    def add(self, look: Look) -> None:
        """Count another look; where there are many, the weakest is forgotten."""
        alone = look.plates[0] if look.plates else look.text
        self._votes[look.text, alone] += 1
        self._looks.append(look)
        if len(self._looks) > KEPT:
            weakest = min(self._looks, key=lambda kept: kept.weight)
            self._looks.remove(weakest)
            if weakest is look:
                return
        self._fused = None

    @property
    def looks(self) -> tuple[Look, ...]:
        """Those that the plate is read from, by their time."""
        return tuple(sorted(self._looks, key=lambda look: look.at_s))

    def reading(self) -> FusedReading | None:
        """What all looks together say; None before the first."""
        if not self._looks:
            return None
        if self._fused is None:
            self._fused = self._fuse()
        fused = self._fused
        raw_reads: Counter[str] = Counter()
        for (text, _), times in self._votes.items():
            raw_reads[text] += times
        agreeing = self._votes_for(fused.plate)
        confidence = fused.probability
        if fused.foreign:
            rival = max(map(self._votes_for, fused.others), default=0)
            confidence = min(confidence, _agreed(agreeing, rival))
        return FusedReading(
            fused.plate,
            confidence,
            fused.validation,
            fused.candidates,
            raw_reads.total(),
            agreeing,
            dict(raw_reads.most_common()),
        )

    def _votes_for(self, text: str) -> int:
        return sum(times for votes, times in self._votes.items() if text in votes)

    def _fuse(self) -> "_Fused":
        weights = look_weights(self._looks)
        small = sum(look.small_plate for look in self._looks) * 2 > len(self._looks)
        texts = self._hypotheses(weights, small)
        logs = sum(
            weight * np.mean([_bounded(crop, texts) for crop in look.evidence], axis=0)
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
        # Agreement speaks for a text, one that is read twice for instance; not for how sure it is.
        votes = np.log([self._votes_for(text) + 0.5 for text in texts])
        best = int((together + votes).argmax())
        candidates = [
            Candidate(text, prior.format, math.exp(log - total))
            for text, log, prior in zip(texts, lawful, priors, strict=True)
            if prior.format is not None
        ]
        candidates.sort(key=lambda candidate: -candidate.probability)
        return _Fused(
            texts[best],
            math.exp(together[best] - total),
            bool(foreign[best] > lawful[best]),
            self._decoder.validate(texts[best], small_plate=small),
            tuple(candidates[:CANDIDATES]),
            tuple(text for text in texts if text != texts[best]),
        )

    def _hypotheses(self, weights: NDArray[np.float64], small: bool) -> list[str]:
        """Texts that it may be: of each look, and of the sum of all."""
        found = dict.fromkeys(text for look in self._looks for text in (look.text, *look.plates))
        crops = weighed_crops(self._looks, weights)
        together = self._decoder.choose(
            [crop for crop, _ in crops],
            self._looks[0].text,
            weights=[weight for _, weight in crops],
            small_plate=small,
        )
        found.update(dict.fromkeys(candidate.plate for candidate in together.candidates))
        return list(found)


def look_weights(looks: Sequence[Look]) -> NDArray[np.float64]:
    """How often each look counts."""
    sharpest = max(look.sharpness for look in looks) or 1.0
    weights = np.array(
        [look.weight * (BLURRED + (1 - BLURRED) * look.sharpness / sharpest) for look in looks]
    )
    weights = np.maximum(weights, 1e-3)
    equal = float(weights.sum() / weights.max())
    return np.asarray(weights / weights.max() * equal ** (INDEPENDENT - 1))


def weighed_crops(
    looks: Sequence[Look], weights: NDArray[np.float64]
) -> list[tuple[Evidence, float]]:
    """The evidence of all crops, those of a look sharing its weight."""
    return [
        (crop, weight / len(look.evidence))
        for look, weight in zip(looks, weights.tolist(), strict=True)
        for crop in look.evidence
    ]


def _agreed(agreeing: int, rival: int) -> float:
    """Probability of a text that so many looks had, and another one so many."""
    odds = DOUBT * math.pow((agreeing + 0.5) / (rival + 0.5), AGREEMENT)
    return odds / (1 + odds)


def _bounded(evidence: Evidence, texts: Sequence[str]) -> NDArray[np.float64]:
    logs = evidence.log_likelihoods(texts)
    return np.asarray(np.maximum(logs - logs.max(), FLOOR))
