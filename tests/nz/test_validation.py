import csv
from pathlib import Path

import pytest

from app.nz.validation import Validation, validate


@pytest.mark.parametrize(
    ("text", "normalized", "name"),
    [
        ("klm 482", "KLM482", "standard"),
        ("AB-1234", "AB1234", "pre2001"),
        (" a1 \n abc\t", "A1ABC", "motorcycle"),
        ("go4it", "GO4IT", "personalised"),
        ("GOAIT0", "GOAIT0", "personalised"),
    ],
)
def test_valid_text(text: str, normalized: str, name: str) -> None:
    assert validate(text) == Validation(True, normalized, name, None, None)


@pytest.mark.parametrize(
    ("text", "normalized", "reason"),
    [
        (None, "", "empty"),
        ("", "", "empty"),
        (" - ", "", "empty"),
        ("KLM4821", "KLM4821", "at most 6"),
        ("KLM_82", "KLM_82", "only the letters"),
        ("KLM48²", "KLM48²", "only the letters"),
        ("STRAß", "STRAß", "only the letters"),
        ("1٢345", "1٢345", "only the letters"),
    ],
)
def test_invalid_text(text: str | None, normalized: str, reason: str) -> None:
    result = validate(text)
    assert not result.valid
    assert result.normalized == normalized
    assert result.format is None
    assert result.error is not None
    assert reason in result.error


@pytest.mark.parametrize(
    ("plate", "furthest", "flagged"),
    [
        ("RPZ999", "RP", False),
        ("RQA1", "RP", True),
        ("ZAB12", "RP", True),
        ("RQA1", "RQ", False),
        ("RPC10", "RPB", True),
        ("ZZ1234", "RP", False),
        ("ZO0VI", "RP", False),
    ],
)
def test_beyond_the_furthest_issued_prefix_is_flagged_not_rejected(
    plate: str, furthest: str, flagged: bool
) -> None:
    result = validate(plate, furthest_issued=furthest)
    assert result.valid
    assert (result.warning is not None) is flagged
    if flagged:
        assert furthest in str(result.warning)


@pytest.mark.parametrize(
    ("plate", "valid"),
    [("GOFAST", False), ("GOFST", True), ("KLM482", True), ("123DCC", True), ("A1ABC", True)],
)
def test_small_plate_caps_only_personalised_serials(plate: str, valid: bool) -> None:
    result = validate(plate, small_plate=True)
    assert result.valid is valid
    assert valid or "at most 5" in str(result.error)
    assert validate(plate).valid


def test_plates_of_the_2011_list(shared: Path) -> None:
    with (shared / "data" / "nz_plates_2011.csv").open(encoding="utf-8", newline="") as lines:
        plates = [row["plate"] for row in csv.DictReader(lines)]
    results = [validate(plate) for plate in plates]
    total = len(plates)  # bare numbers, so that a failure shows no plate
    invalid = sum(not result.valid for result in results)
    personalised = sum(result.format == "personalised" for result in results)
    changed = sum(r.normalized != p for r, p in zip(results, plates, strict=True))
    assert total > 3000
    assert (invalid, changed) == (0, 0)
    assert personalised <= 0.025 * total
