"""Measuring a calibration: how an OCR confuses, slips and overrates itself."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.nz.alignment import Change, changes
from app.nz.calibration import Calibration
from app.nz.lattice import SlipRates
from app.nz.samples import Samples

MOST_EDITS: Final = 2
"""With more of them a plate was not readable, and its slots tell nothing about look-alikes."""

_TEMPERATURES: Final = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.3, 2.6, 3.0)
_FLOORS: Final = (0.0003, 0.0006, 0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02)
_SMOOTHINGS: Final = (0.02, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True, slots=True)
class _Slots:
    """Slots of plates read without a slip: (n, alphabet) probabilities and the true columns."""

    probabilities: NDArray[np.float32]
    shown: NDArray[np.intp]


def fit_calibration(samples: Samples, start: Calibration) -> Calibration:
    """``start`` with temperature, floor, smoothing, confusions and slip rates measured.

    Maximum likelihood of the true character in each slot, over a grid; every slot is judged with
    the confusions counted on the other half of the plates, so that rare ones are not overrated.
    """
    kinds = [changes(raw, truth) for raw, truth in _texts(samples)]
    straight = [i for i, edits in enumerate(kinds) if _is_straight(edits)]
    halves = [np.array(straight[half::2], dtype=np.intp) for half in (0, 1)]
    slots = [_slots(samples.take(half)) for half in halves]
    counts = [_confusions(samples.take(half), [kinds[i] for i in half.tolist()]) for half in halves]
    slips = _slip_rates(samples, kinds)
    both = replace(start, slips=slips, confusions=_as_entries(counts[0] + counts[1]))
    crossed = [replace(both, confusions=_as_entries(count)) for count in counts]

    def log_likelihood(setting: tuple[float, float, float]) -> float:
        temperature, floor, smoothing = setting
        return sum(
            _log_likelihood(
                part,
                replace(other, temperature=temperature, floor=floor, smoothing=smoothing),
                samples,
            )
            for part, other in zip(slots, reversed(crossed), strict=True)
        )

    best = max(product(_TEMPERATURES, _FLOORS, _SMOOTHINGS), key=log_likelihood)
    return replace(both, temperature=best[0], floor=best[1], smoothing=best[2])


def _texts(samples: Samples) -> Iterable[tuple[str, str]]:
    return zip(samples.raw_texts(), samples.truths.tolist(), strict=True)


def _is_straight(edits: tuple[Change, ...]) -> bool:
    return len(edits) <= MOST_EDITS and all(edit.kind == "substitution" for edit in edits)


def _slots(samples: Samples) -> _Slots:
    column = {character: index for index, character in enumerate(samples.alphabet)}
    length = samples.probabilities.shape[1]
    shown = [
        column[character]
        for truth in samples.truths.tolist()
        for character in truth.ljust(length, samples.pad_char)
    ]
    flat = samples.probabilities.reshape(-1, samples.probabilities.shape[2])
    return _Slots(flat, np.array(shown, dtype=np.intp))


def _confusions(samples: Samples, edits: list[tuple[Change, ...]]) -> Counter[tuple[str, str]]:
    return Counter((edit.corrected, edit.read) for plate in edits for edit in plate)


def _as_entries(counts: Counter[tuple[str, str]]) -> tuple[tuple[str, str, float], ...]:
    return tuple((shown, read, float(count)) for (shown, read), count in sorted(counts.items()))


def _slip_rates(samples: Samples, kinds: list[tuple[Change, ...]]) -> SlipRates:
    """Shares of slips among readable plates, with add-one smoothing."""
    slips: Counter[str] = Counter()
    readable = 1
    for (raw, _), edits in zip(_texts(samples), kinds, strict=True):
        slipped = [edit for edit in edits if edit.kind != "substitution"]
        if len(edits) <= MOST_EDITS and len(slipped) <= 1:
            readable += 1
            slips.update(_slip(raw, edit) for edit in slipped)
    return SlipRates(*((slips[kind] + 1) / readable for kind in ("doubled", "inserted", "missed")))


def _slip(raw: str, edit: Change) -> str:
    if edit.kind == "insertion":
        return "missed"
    neighbours = raw[max(0, edit.position - 1) : edit.position] + raw[edit.position + 1 :][:1]
    return "doubled" if edit.read in neighbours else "inserted"


def _log_likelihood(slots: _Slots, calibration: Calibration, samples: Samples) -> float:
    calibrate = calibration.emissions(samples.alphabet, samples.pad_char)
    likelihoods = calibrate(slots.probabilities)[np.arange(len(slots.shown)), slots.shown]
    return float(np.log(likelihoods).sum())
