"""From the softmax of an OCR to likelihoods that can be trusted.

A softmax is overconfident, above all where it is wrong. So the likelihood of character c in a slot
is ``(1 - floor) softmax(log p / temperature)[c] + floor P(c | the slot reads r, wrongly)`` with the
confusions counted on plates of known text. One calibration belongs to one OCR; it is a JSON
file in ``calibrations/`` together with the record of how it was measured.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from app.nz.lattice import SlipRates

GENERIC: Final = "generic"
_SMALLEST: Final = 1e-12

Emissions = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""OCR probabilities (slots, alphabet) to likelihoods of that shape, each row summing to 1."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``confusions`` counts (shown, read) pairs, in both directions alike; "" stands for padding.

    Every pair that can be confused has ``smoothing`` added to its count. ``text_prior`` is the
    probability that a read text is no New Zealand plate. ``threshold`` is the posterior from which
    a correction was worth it on ``data``.
    """

    ocr: str
    temperature: float
    floor: float
    smoothing: float
    confusions: tuple[tuple[str, str, float], ...]
    slips: SlipRates
    text_prior: float
    threshold: float
    method: str
    data: str
    measured: str

    def emissions(self, alphabet: str, pad_char: str) -> Emissions:
        confusion = self.confusion_matrix(alphabet, pad_char)

        def calibrate(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
            raised = np.maximum(probabilities, _SMALLEST, dtype=np.float64)
            raised **= 1 / self.temperature
            raised *= (1 - self.floor) / raised.sum(axis=1, keepdims=True)
            raised += self.floor * confusion[probabilities.argmax(axis=1)]
            return raised

        return calibrate

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

    def with_threshold(self, threshold: float) -> Self:
        return replace(self, threshold=threshold)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        fields: dict[str, Any] = json.loads(text)
        fields["slips"] = SlipRates(**fields["slips"])
        fields["confusions"] = tuple(tuple(entry) for entry in fields["confusions"])
        return cls(**fields)


def calibration_file(ocr: str) -> str:
    """File name for an OCR: its name in lower case, runs of other characters as one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", ocr.lower()).strip("-") + ".json"


def load_calibration(ocr: str = GENERIC) -> Calibration:
    """The calibration kept for the OCR of that name, or the generic one if there is none."""
    folder = resources.files("app.nz") / "calibrations"
    kept = folder / calibration_file(ocr)
    found = kept if kept.is_file() else folder / calibration_file(GENERIC)
    return Calibration.from_json(found.read_text(encoding="utf-8"))


def save_calibration(calibration: Calibration, folder: Path) -> Path:
    path = folder / calibration_file(calibration.ocr)
    path.write_text(calibration.to_json(), encoding="utf-8")
    return path
