import pytest

from app.nz.formats import format_of
from app.nz.series import SERIES


@pytest.mark.parametrize(
    ("plate", "name"),
    [
        ("KLM482", "standard"),
        ("QQZ1", "standard"),
        ("CEA99", "standard"),
        ("AAO104", "early_exception"),
        ("AAX100", "early_exception"),
        ("DC12", "diplomatic"),
        ("CC1", "diplomatic"),
        ("FC1234", "diplomatic"),
        ("12DCC", "diplomatic"),
        ("CR7", "ministers"),
        ("OI1234", "pre2001"),
        ("XV5", "pre2001"),
        ("ZZ9989", "pre2001"),
        ("A1ABC", "motorcycle"),
        ("12OIX", "motorcycle_old"),
        ("7ABC", "motorcycle_old"),
        ("A123B", "trailer"),
        ("1A234", "trailer"),
        ("12A34", "trailer"),
        ("123A4", "trailer"),
        ("0AB12", "trailer"),
        ("X123", "trade"),
        ("00123X", "trade"),
        ("0123A", "trailer_old"),
        ("A0123", "trailer_old"),
        ("123AB", "trailer_old"),
        ("4321", "trailer_old"),
        ("KLM082", "personalised"),
        ("QA1234", "personalised"),
        ("KLV482", "personalised"),
        ("N0PLAT", "personalised"),
        ("BOO5T", "personalised"),
        ("GO4IT", "personalised"),
        ("O", "personalised"),
    ],
)
def test_first_format_that_fits(plate: str, name: str) -> None:
    found = format_of(plate)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["", "ABCD123", "abc123", "ABC 12", "ABC-12", "١٢٣", "ÄB123"])
def test_what_is_no_plate_fits_no_format(text: str) -> None:
    assert format_of(text) is None


def test_priors_are_distributions() -> None:
    assert sum(entry.prior for entry in SERIES) == pytest.approx(1)
    assert sum(entry.small_prior for entry in SERIES) == pytest.approx(1)


def test_only_the_last_format_takes_every_text() -> None:
    assert [entry.name for entry in SERIES if entry.matches("ZO0VI")] == [SERIES[-1].name]
    assert all(entry.pattern.pattern and entry.source for entry in SERIES)
