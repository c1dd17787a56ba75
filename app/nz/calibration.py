"""From the softmax of an OCR to likelihoods that can be trusted.

A softmax is overconfident, above all where it is wrong, and knows nothing of plates it was not
trained on. So each slot is scaled as a whole (matrix scaling, Guo et al. 2017): the likelihood of
character c is ``(1 - floor) softmax(bias + log p @ weights)[c] + floor P(c | read r, wrongly)``,
with the confusions counted on plates of known text, so that nothing is impossible however sure the
OCR is. Where no weights were measured they are the identity over ``temperature``.

Whether a slot shows a character at all is no matter of look-alikes. An OCR that read one where the
plate had ended, or none where there was one, has slipped, and slips go with doubt: so the
likelihood of padding in a slot read as a character, and of any character in one read as padding,
is taken times the odds of a slip there, 1 at most. What was read with certainty is not dropped.

One calibration belongs to one OCR; it is a JSON file in ``calibrations/`` together with the record
of how it was measured. The generic one is for an OCR that was not measured.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from app.nz.paths import SlipRates

GENERIC: Final = "generic"
SMALLEST: Final = 1e-9
"""Probabilities below it are all the same: an OCR is never right to be surer."""

MOST_ODDS: Final = 100.0
"""However much a slot is in doubt, a slip in it is at most so many times likelier than usual."""

Likelihoods = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of a look: the likelihood of each character in each slot, (slots, alphabet), each row summing to
1, and how many times likelier than usual a slip is in each slot, (slots,)."""

Calibrated = Callable[[NDArray[np.float32]], Likelihoods]
"""OCR probabilities (slots, alphabet) to what they are worth."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """``weights[r][c]``: how much the logarithm of p(r) speaks for ``alphabet[c]``.

    Made for the OCR's own alphabet, its padding character among it.
    """

    alphabet: str
    pad_char: str
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """``confusions`` counts (shown, read) pairs and is used both ways; "" stands for padding.

    Every pair that can be confused has ``smoothing`` added to its count. ``slips`` are rates per
    plate, and ``doubt`` is the mean square of one less the largest probability of a slot: an OCR
    slips where it is in doubt, about with the square of it. ``text_prior`` is the
    probability that a read text is no New Zealand plate. ``threshold`` is the posterior from which
    a correction was worth it on ``data``.
    """

    ocr: str
    temperature: float
    floor: float
    smoothing: float
    slips: SlipRates
    doubt: float
    text_prior: float
    threshold: float
    method: str
    data: str
    measured: str
    confusions: tuple[tuple[str, str, float], ...]
    scaling: Scaling | None = None

    def calibrated(self, alphabet: str, pad_char: str) -> Calibrated:
        weights, bias = self._weights(alphabet, pad_char)
        wrong = self.floor * self.confusion_matrix(alphabet, pad_char)
        pad = alphabet.index(pad_char)

        def calibrate(probabilities: NDArray[np.float32]) -> Likelihoods:
            scores = np.log(np.maximum(probabilities, SMALLEST, dtype=np.float64)) @ weights + bias
            likelihoods: NDArray[np.float64] = np.exp(scores - scores.max(axis=1, keepdims=True))
            likelihoods *= (1 - self.floor) / likelihoods.sum(axis=1, keepdims=True)
            read = probabilities.argmax(axis=1)
            likelihoods += wrong[read]
            odds = self.slip_odds(probabilities)
            kept = np.minimum(np.maximum(odds, SMALLEST), 1)
            likelihoods[:, pad] *= np.where(read == pad, 1 / kept, kept)
            likelihoods /= likelihoods.sum(axis=1, keepdims=True)
            return likelihoods, odds

        return calibrate

    def slip_odds(self, probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
        """How many times likelier than usual a slip is in each slot."""
        doubts = 1 - probabilities.max(axis=1).astype(np.float64)
        odds: NDArray[np.float64] = np.minimum(doubts**2 / self.doubt, MOST_ODDS)
        return odds

    def confusion_matrix(self, alphabet: str, pad_char: str) -> NDArray[np.float64]:
        """P(shown | read, wrongly) as (read, shown); rows sum to 1 and the diagonal is 0."""
        counts = np.full((len(alphabet), len(alphabet)), self.smoothing)
        column = {character: index for index, character in enumerate(alphabet)}
        column[""] = column[pad_char]
        for shown, read, count in self.confusions:
            if shown in column and read in column:
                counts[column[read], column[shown]] += count
                counts[column[shown], column[read]] += count
        np.fill_diagonal(counts, 0.0)
        normalized: NDArray[np.float64] = counts / counts.sum(axis=1, keepdims=True)
        return normalized

    def _weights(
        self, alphabet: str, pad_char: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The scaling with its rows and columns in the order of ``alphabet``."""
        weights, bias = np.eye(len(alphabet)) / self.temperature, np.zeros(len(alphabet))
        if self.scaling is None:
            return weights, bias
        known = self.scaling.alphabet.replace(self.scaling.pad_char, pad_char)
        shared = [character for character in alphabet if character in known]
        here = [alphabet.index(character) for character in shared]
        there = [known.index(character) for character in shared]
        weights[np.ix_(here, here)] = np.array(self.scaling.weights)[np.ix_(there, there)]
        bias[here] = np.array(self.scaling.bias)[there]
        return weights, bias

    def to_json(self) -> str:
        fields = (f" {json.dumps(k)}: {json.dumps(v)}" for k, v in asdict(self).items())
        return "{\n" + ",\n".join(fields) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        fields: dict[str, Any] = json.loads(text)
        fields["slips"] = SlipRates(**fields["slips"])
        fields["confusions"] = tuple(tuple(entry) for entry in fields["confusions"])
        if fields["scaling"] is not None:
            scaling = fields["scaling"]
            scaling["weights"] = tuple(tuple(row) for row in scaling["weights"])
            scaling["bias"] = tuple(scaling["bias"])
            fields["scaling"] = Scaling(**scaling)
        return cls(**fields)


def calibration_file(ocr: str) -> str:
    """File name for an OCR: its name in lower case, runs of other characters as one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", ocr.lower()).strip("-") + ".json"


def has_calibration(ocr: str) -> bool:
    """Whether one is kept for the OCR of that name."""
    return _kept(ocr).is_file()


def load_calibration(ocr: str = GENERIC) -> Calibration:
    """The calibration kept for the OCR of that name, or that of a ``.json`` file at that path.

    Raises LookupError where there is none, ValueError for a file that is no calibration.
    """
    source = Path(ocr) if ocr.endswith(".json") else _kept(ocr)
    if not source.is_file():
        raise LookupError(f"There is no calibration {ocr}.")
    try:
        return Calibration.from_json(source.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{ocr} is no calibration: {error!r}") from error


def _kept(ocr: str) -> Traversable:
    return resources.files("app.nz") / "calibrations" / calibration_file(ocr)


def save_calibration(calibration: Calibration, folder: Path) -> Path:
    path = folder / calibration_file(calibration.ocr)
    path.write_text(calibration.to_json(), encoding="utf-8")
    return path
