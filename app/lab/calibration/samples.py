"""Plates of known text as an OCR saw them, and what decoding makes of them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from app.nz.decoder import PlateDecoder, Reading


@dataclass(frozen=True, slots=True)
class Samples:
    """``probabilities`` (n, slots, alphabet) of one OCR for n plates that read ``truths``.

    They are those of the look that is decoded; ``raws`` is what was read at first. ``small`` marks
    near-square boxes, ``conditions`` names what each plate was drawn or seen in.
    """

    probabilities: NDArray[np.float32]
    raws: NDArray[np.str_]
    truths: NDArray[np.str_]
    small: NDArray[np.bool_]
    conditions: NDArray[np.str_]
    alphabet: str
    pad_char: str

    def __len__(self) -> int:
        return len(self.truths)

    def take(self, rows: NDArray[np.intp]) -> Self:
        return type(self)(
            self.probabilities[rows],
            self.raws[rows],
            self.truths[rows],
            self.small[rows],
            self.conditions[rows],
            self.alphabet,
            self.pad_char,
        )

    def joined(self, others: Sequence[Self]) -> Self:
        """These samples and ``others`` of the same OCR."""
        every = [self, *others]
        return type(self)(
            np.concatenate([samples.probabilities for samples in every]),
            np.concatenate([samples.raws for samples in every]),
            np.concatenate([samples.truths for samples in every]),
            np.concatenate([samples.small for samples in every]),
            np.concatenate([samples.conditions for samples in every]),
            self.alphabet,
            self.pad_char,
        )

    def split(self, share: float, seed: int) -> tuple[Self, Self]:
        """A random ``share`` of the samples, and the rest."""
        order = np.random.default_rng(seed).permutation(len(self))
        cut = round(share * len(self))
        return self.take(order[:cut]), self.take(order[cut:])

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path,
            probabilities=self.probabilities,
            raws=self.raws,
            truths=self.truths,
            small=self.small,
            conditions=self.conditions,
            alphabet=np.array(self.alphabet),
            pad_char=np.array(self.pad_char),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises OSError, or KeyError where the file lacks one of the arrays."""
        with np.load(path) as stored:
            return cls(
                stored["probabilities"].astype(np.float32),
                stored["raws"],
                stored["truths"],
                stored["small"],
                stored["conditions"],
                str(stored["alphabet"]),
                str(stored["pad_char"]),
            )

    def texts(self) -> list[str]:
        """The most likely text of each plate's probabilities."""
        characters = np.array(list(self.alphabet))[self.probabilities.argmax(axis=2)]
        return ["".join(row).replace(self.pad_char, "") for row in characters.tolist()]

    def decode(self, decoder: PlateDecoder) -> list[Reading]:
        return [reading for reading, _ in self.decode_timed(decoder)]

    def decode_timed(self, decoder: PlateDecoder) -> Iterator[tuple[Reading, float]]:
        """Each plate's reading and the milliseconds it took."""
        for rows, raw, small in zip(
            self.probabilities, self.raws.tolist(), self.small.tolist(), strict=True
        ):
            started = time.perf_counter()
            reading = decoder.decode(rows, raw=raw, small_plate=small)
            yield reading, (time.perf_counter() - started) * 1e3


@dataclass(frozen=True, slots=True)
class CorrectionCurve:
    """What corrections would do at each threshold, falling; counts are cumulative.

    ``gained``: wrong raw texts made right; ``lost``: right ones made wrong; ``changed``: wrong ones
    turned into other wrong ones. ``right`` and ``wrong`` count the raw texts.
    """

    thresholds: NDArray[np.float64]
    gained: NDArray[np.int_]
    lost: NDArray[np.int_]
    changed: NDArray[np.int_]
    right: int
    wrong: int

    def at(self, threshold: float) -> tuple[int, int, int]:
        """(gained, lost, changed) with corrections from ``threshold`` on."""
        taken = int(np.searchsorted(-self.thresholds, -threshold, side="right"))
        if taken == 0:
            return 0, 0, 0
        last = taken - 1
        return int(self.gained[last]), int(self.lost[last]), int(self.changed[last])


LOWEST_THRESHOLD: Final = 0.5
COST_OF_LOSS: Final = 5
"""A right plate made wrong is a fine to the wrong driver, a wrong one left is no fine."""


def correction_curve(samples: Samples, decoder: PlateDecoder) -> CorrectionCurve:
    """Gains and losses by certainty; ``decoder`` must correct from ``LOWEST_THRESHOLD`` on."""
    outcomes: list[tuple[float, bool, bool]] = []
    right = 0
    for truth, reading in zip(samples.truths.tolist(), samples.decode(decoder), strict=True):
        was_right = reading.validation.normalized == truth
        right += was_right
        if reading.correction is not None:
            outcomes.append(
                (reading.correction.certainty, was_right, reading.corrected_plate == truth)
            )
    outcomes.sort(key=lambda outcome: -outcome[0])
    table = np.array(outcomes, dtype=np.float64).reshape(-1, 3)
    was_right, is_right = table[:, 1] > 0, table[:, 2] > 0
    return CorrectionCurve(
        table[:, 0],
        np.cumsum(~was_right & is_right),
        np.cumsum(was_right),
        np.cumsum(~was_right & ~is_right),
        right,
        len(samples) - right,
    )


def choose_threshold(curve: CorrectionCurve, *, tolerance: float) -> float:
    """The threshold that gains most, a reading lost costing as much as ``COST_OF_LOSS`` gained.

    At most ``tolerance`` of the right readings are lost at it; of equally good thresholds it is the
    highest. 1 where no correction is worth it.
    """
    lost = np.concatenate([[0], curve.lost])
    worth = np.concatenate([[0], curve.gained]) - COST_OF_LOSS * lost
    worth = np.where(lost > tolerance * curve.right, -1, worth)
    best = int(worth.argmax())
    return float(curve.thresholds[best - 1]) if best else 1.0
