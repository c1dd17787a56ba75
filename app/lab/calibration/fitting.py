"""Measuring a calibration: how an OCR confuses, slips and overrates itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.calibration.samples import Samples
from app.lab.calibration.scaling import fit_scaling
from app.nz.alignment import Change, changes
from app.nz.calibration import Calibration, Scaling
from app.nz.paths import SlipRates

MOST_EDITS: Final = 2
"""With more of them a plate was not readable, and its slots tell nothing about look-alikes."""

_TEMPERATURES: Final = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.3, 2.6, 3.0)
_FLOORS: Final = (0.0001, 0.0002, 0.0004, 0.0007, 0.001, 0.002, 0.004, 0.008)
_SMOOTHINGS: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
_DIGITS: Final = 3
"""Decimals that are kept of the scaling."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Plates read without a slip: their slots (n, alphabet), true columns, and substitutions."""

    probabilities: NDArray[np.float32]
    shown: NDArray[np.intp]
    confusions: Counter[tuple[str, str]]


def fit_calibration(samples: Samples, start: Calibration) -> Calibration:
    """``start`` with temperature, scaling, floor, smoothing, confusions and slip rates measured.

    Each half of the plates judges what was fitted on the other by the likelihood of the true
    character in each slot: first the temperature alone, then floor and smoothing. What is kept is
    fitted on all of them.
    """
    edits = [changes(raw, truth) for raw, truth in _texts(samples)]
    straight = [i for i, plate in enumerate(edits) if _is_straight(plate)]
    halves = [_part(samples, edits, straight[half::2]) for half in (0, 1)]
    both = _part(samples, edits, straight)

    def judged(fitted: Sequence[Calibration]) -> float:
        return sum(
            _log_likelihood(part, calibration, samples)
            for part, calibration in zip(halves, reversed(fitted), strict=True)
        )

    plain = replace(
        start,
        slips=_slip_rates(samples, edits),
        doubt=float(np.square(1 - both.probabilities.max(axis=1)).mean()),
        scaling=None,
    )
    crossed = [replace(plain, confusions=_entries(half.confusions)) for half in halves]
    temperature = max(
        _TEMPERATURES, key=lambda value: judged([replace(c, temperature=value) for c in crossed])
    )
    scaled = [
        replace(c, temperature=temperature, scaling=_scaling(half, samples, temperature))
        for c, half in zip(crossed, halves, strict=True)
    ]
    floor, smoothing = max(
        product(_FLOORS, _SMOOTHINGS),
        key=lambda pair: judged([replace(c, floor=pair[0], smoothing=pair[1]) for c in scaled]),
    )
    return replace(
        plain,
        temperature=temperature,
        floor=floor,
        smoothing=smoothing,
        confusions=_entries(both.confusions),
        scaling=_scaling(both, samples, temperature),
    )


def _texts(samples: Samples) -> list[tuple[str, str]]:
    return list(zip(samples.texts(), samples.truths.tolist(), strict=True))


def _is_straight(edits: tuple[Change, ...]) -> bool:
    return len(edits) <= MOST_EDITS and all(edit.kind == "substitution" for edit in edits)


def _part(samples: Samples, edits: Sequence[tuple[Change, ...]], rows: list[int]) -> _Part:
    """The slots up to the first one of padding, and the substitutions, of some plates."""
    column = {character: index for index, character in enumerate(samples.alphabet)}
    slots = samples.probabilities.shape[1]
    shown: list[int] = []
    probabilities = []
    for row in rows:
        text = (samples.truths[row].item() + samples.pad_char)[:slots]
        shown += [column[character] for character in text]
        probabilities.append(samples.probabilities[row, : len(text)])
    pairs = Counter((edit.corrected, edit.read) for row in rows for edit in edits[row])
    return _Part(np.concatenate(probabilities), np.array(shown, dtype=np.intp), pairs)


def _scaling(part: _Part, samples: Samples, temperature: float) -> Scaling:
    weights, bias = fit_scaling(part.probabilities, part.shown, temperature=temperature)
    return Scaling(
        samples.alphabet,
        samples.pad_char,
        tuple(tuple(round(value, _DIGITS) for value in row) for row in weights.tolist()),
        tuple(round(value, _DIGITS) for value in bias.tolist()),
    )


def _entries(counts: Counter[tuple[str, str]]) -> tuple[tuple[str, str, float], ...]:
    return tuple((shown, read, float(count)) for (shown, read), count in sorted(counts.items()))


def _slip_rates(samples: Samples, edits: Sequence[tuple[Change, ...]]) -> SlipRates:
    """Shares of slips among readable plates, with add-one smoothing."""
    slips: Counter[str] = Counter()
    readable = 1
    for (raw, _), plate in zip(_texts(samples), edits, strict=True):
        slipped = [edit for edit in plate if edit.kind != "substitution"]
        if len(plate) <= MOST_EDITS and len(slipped) <= 1:
            readable += 1
            slips.update(_slip(raw, edit) for edit in slipped)
    return SlipRates(*((slips[kind] + 1) / readable for kind in ("doubled", "inserted", "missed")))


def _slip(raw: str, edit: Change) -> str:
    if edit.kind == "insertion":
        return "missed"
    neighbours = raw[max(0, edit.position - 1) : edit.position] + raw[edit.position + 1 :][:1]
    return "doubled" if edit.read in neighbours else "inserted"


def _log_likelihood(part: _Part, calibration: Calibration, samples: Samples) -> float:
    likelihoods, _ = calibration.calibrated(samples.alphabet, samples.pad_char)(part.probabilities)
    return float(np.log(likelihoods[np.arange(len(part.shown)), part.shown]).sum())
