from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.nz.calibration import (
    GENERIC,
    Calibration,
    Scaling,
    calibration_file,
    has_calibration,
    load_calibration,
    save_calibration,
)

ALPHABET = "0O1I_"


def test_a_calibration_survives_its_file(tmp_path: Path) -> None:
    calibration = replace(load_calibration(), ocr="Our own OCR (v3)")
    path = save_calibration(calibration, tmp_path)
    assert path.name == "our-own-ocr-v3.json"
    assert Calibration.from_json(path.read_text(encoding="utf-8")) == calibration


def test_an_ocr_without_calibration_is_not_taken_for_another() -> None:
    assert load_calibration().ocr == GENERIC
    assert not has_calibration("never-measured")
    with pytest.raises(LookupError, match="never-measured"):
        load_calibration("never-measured")


def test_a_file_may_be_named(tmp_path: Path) -> None:
    path = save_calibration(replace(load_calibration(), ocr="mine"), tmp_path)
    assert load_calibration(str(path)).ocr == "mine"
    for text in ("{", "[]", "{}", '{"slips": {}}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"mine\.json is no calibration"):
            load_calibration(str(path))
    with pytest.raises(LookupError):
        load_calibration(str(tmp_path / "none.json"))


def test_every_kept_calibration_is_found_by_its_ocr_and_says_how_it_was_measured() -> None:
    folder = Path(__file__).parents[2] / "app" / "nz" / "calibrations"
    for path in folder.glob("*.json"):
        calibration = Calibration.from_json(path.read_text(encoding="utf-8"))
        assert path.name == calibration_file(calibration.ocr)
        assert load_calibration(calibration.ocr) == calibration
        assert calibration.method
        assert calibration.data
        assert 0.5 <= calibration.threshold <= 1


def test_likelihoods_are_positive_and_sum_to_one() -> None:
    rows = np.array([[0.9, 0.1, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=np.float32)
    likelihoods = load_calibration().calibrated(ALPHABET, "_")(rows)[0]
    assert likelihoods.sum(axis=1) == pytest.approx(1)
    assert (likelihoods > 0).all()
    assert rows[0].tolist() == pytest.approx([0.9, 0.1, 0, 0, 0])


def test_what_is_often_confused_stays_likelier_than_what_never_is() -> None:
    calibration = replace(load_calibration(), confusions=(("O", "0", 9.0), ("", "1", 3.0)))
    rows = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=np.float32)
    calibration = replace(calibration, temperature=1.0)
    zero, padding = calibration.calibrated(ALPHABET, "_")(rows)[0]
    assert zero[ALPHABET.index("O")] > 10 * zero[ALPHABET.index("I")]
    assert padding[ALPHABET.index("1")] > 10 * padding[ALPHABET.index("O")]


def test_a_higher_temperature_trusts_less() -> None:
    rows = np.array([[0.99, 0.01, 0, 0, 0]], dtype=np.float32)
    sharp, flat = (
        replace(load_calibration(), temperature=t).calibrated(ALPHABET, "_")(rows)[0][0, 0]
        for t in (1.0, 3.0)
    )
    assert flat < sharp


def test_scaling_is_told_by_character_whatever_the_order_of_the_alphabet() -> None:
    weights = np.eye(5) + 0.1 * np.arange(25).reshape(5, 5)
    scaling = Scaling(ALPHABET, "_", tuple(map(tuple, weights.tolist())), (0.1, 0.2, 0.3, 0.4, 0.5))
    calibration = replace(load_calibration(), scaling=scaling)
    rows = np.random.default_rng(0).dirichlet(np.ones(5), 3).astype(np.float32)
    order = [4, 2, 0, 3, 1]
    other = "".join(ALPHABET[column] for column in order).replace("_", "#")
    there = calibration.calibrated(other, "#")(rows[:, order])[0]
    assert there == pytest.approx(calibration.calibrated(ALPHABET, "_")(rows)[0][:, order])


def test_a_slip_is_likelier_where_the_ocr_is_in_doubt() -> None:
    rows = np.array([[1, 0, 0, 0, 0], [0.6, 0.4, 0, 0, 0]], dtype=np.float32)
    sure, unsure = load_calibration().slip_odds(rows)
    assert sure == 0
    assert unsure > 10
