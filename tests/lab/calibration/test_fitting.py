"""Fitting on a simulated OCR whose faults are known."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.lab.calibration.command import main
from app.lab.calibration.fitting import fit_calibration
from app.lab.calibration.outcome import outcome
from app.lab.calibration.samples import (
    LOWEST_THRESHOLD,
    CorrectionCurve,
    Samples,
    choose_threshold,
    correction_curve,
)
from app.nz.calibration import Calibration, load_calibration
from app.nz.decoder import PlateDecoder
from app.nz.forms import SERIES_LETTERS

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
LOOK_ALIKES = {"D": "0", "Q": "0", "B": "8", "S": "5", "Z": "2", "0": "D", "8": "B", "5": "S"}
OVERCONFIDENCE = 2.0


def simulated(count: int, seed: int) -> Samples:
    """Standard plates through an OCR that says p^2 where p would be right.

    It doubles some characters, and is in doubt where it does.
    """
    random = np.random.default_rng(seed)
    rows = np.zeros((count, 10, len(ALPHABET)), dtype=np.float32)
    truths = []
    for plate in rows:
        letters = random.choice(list(SERIES_LETTERS), 3)
        truth = "".join(letters) + str(random.integers(100, 1000))
        truths.append(truth)
        shown = truth
        if random.random() < 0.05:
            at = int(random.integers(len(truth)))
            shown = truth[: at + 1] + truth[at:]
        for slot, character in zip(plate, shown.ljust(10, "_"), strict=True):
            _fill(slot, character, random)
        if shown != truth:
            plate[at] = 0.7 * plate[at] + 0.3 / len(ALPHABET)
    characters = np.array(list(ALPHABET))[rows.argmax(axis=2)].tolist()
    return Samples(
        rows,
        np.array(["".join(row).rstrip("_") for row in characters]),
        np.array(truths),
        np.zeros(count, dtype=np.bool_),
        np.array(["simulated"] * count),
        ALPHABET,
        "_",
    )


def _fill(slot: NDArray[np.float32], character: str, random: np.random.Generator) -> None:
    rival = LOOK_ALIKES.get(character)
    slot += 1e-9
    if rival is None:
        slot[ALPHABET.index(character)] = 1
    else:
        share = random.uniform(0.5, 1)
        read, other = (character, rival) if random.random() < share else (rival, character)
        slot[ALPHABET.index(read)] = share**OVERCONFIDENCE
        slot[ALPHABET.index(other)] = (1 - share) ** OVERCONFIDENCE
    slot /= slot.sum()


@pytest.fixture(scope="module")
def fitted() -> Calibration:
    return fit_calibration(simulated(400, seed=1), load_calibration())


def test_the_fit_finds_the_overconfidence(fitted: Calibration) -> None:
    assert fitted.temperature == pytest.approx(OVERCONFIDENCE, abs=0.4)


def test_the_fit_counts_confusions_and_slips(fitted: Calibration) -> None:
    counted = {(shown, read) for shown, read, _ in fitted.confusions}
    assert counted <= set(LOOK_ALIKES.items()) | {(read, s) for s, read in LOOK_ALIKES.items()}
    assert ("B", "8") in counted
    assert 0.02 < fitted.slips.doubled < 0.08
    assert fitted.slips.missed < 0.01


def test_decoding_mends_errors_outside_the_grammar(fitted: Calibration) -> None:
    samples = simulated(300, seed=2)
    decoder = PlateDecoder(ALPHABET, "_", threshold=0.9, calibration=fitted)
    result = outcome(samples.truths.tolist(), samples.decode(decoder))
    assert result.raw_right < result.decoded_right
    assert result.errors_removed > 0.8
    assert result.lost == 0


def test_the_threshold_gains_most_within_the_tolerance() -> None:
    curve = CorrectionCurve(
        thresholds=np.array([0.99, 0.95, 0.9, 0.8, 0.7]),
        gained=np.array([1, 2, 2, 30, 30]),
        lost=np.array([0, 0, 1, 1, 2]),
        changed=np.array([0, 0, 0, 0, 1]),
        right=100,
        wrong=40,
    )
    assert choose_threshold(curve, tolerance=0.001) == 0.95
    assert curve.at(0.95) == (2, 0, 0)
    assert choose_threshold(curve, tolerance=0.05) == 0.8
    assert curve.at(0.8) == (30, 1, 0)
    assert curve.at(0.999) == (0, 0, 0)


def test_corrections_that_only_lose_are_not_made() -> None:
    losing = CorrectionCurve(
        np.array([0.9]), np.array([0]), np.array([1]), np.array([0]), right=10, wrong=0
    )
    assert choose_threshold(losing, tolerance=1.0) == 1.0


def test_the_curve_agrees_with_decoding_at_a_threshold(fitted: Calibration) -> None:
    samples = simulated(200, seed=3)

    def reader(threshold: float) -> PlateDecoder:
        return PlateDecoder(ALPHABET, "_", threshold=threshold, calibration=fitted)

    curve = correction_curve(samples, reader(LOWEST_THRESHOLD))
    for threshold in (0.6, 0.9, 0.99):
        result = outcome(samples.truths.tolist(), samples.decode(reader(threshold)))
        assert curve.at(threshold) == (result.gained, result.lost, result.changed)
    assert curve.right + curve.wrong == len(samples)


def test_the_command_keeps_a_calibration_and_its_curve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated(300, seed=4).save(tmp_path / "samples.npz")
    simulated(100, seed=5).save(tmp_path / "held_out.npz")
    arguments = [
        str(tmp_path / "samples.npz"),
        *("--ocr", "simulated", "--data", "simulated plates", "--calibrations", str(tmp_path)),
        *("--held-out", str(tmp_path / "held_out.npz"), "--plot", str(tmp_path / "curve.png")),
        *("--also-fit", str(tmp_path / "held_out.npz")),
    ]
    assert main(arguments) == 0
    kept = Calibration.from_json((tmp_path / "simulated.json").read_text(encoding="utf-8"))
    assert kept.ocr == "simulated"
    assert kept.data.startswith("simulated plates: 250 plates")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    report = capsys.readouterr().out
    assert "standard" in report
    assert re.search(r"decoding: \d+\.\d\d ms a plate, \d+\.\d\d for the slowest 5 %", report)


def test_samples_survive_their_file(tmp_path: Path) -> None:
    samples = simulated(5, seed=6)
    samples.save(tmp_path / "samples.npz")
    again = Samples.load(tmp_path / "samples.npz")
    assert again.truths.tolist() == samples.truths.tolist()
    assert np.array_equal(again.probabilities, samples.probabilities)
    assert (again.alphabet, again.pad_char) == (ALPHABET, "_")
