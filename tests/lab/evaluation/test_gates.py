"""How often gates err, and what lists find."""

import json
from pathlib import Path

import pytest

from app.cli import main
from app.lab.evaluation.gates import watching
from app.lab.evaluation.gates.rates import SIZES, gate_rates, opened_for
from app.lab.evaluation.gates.seen import Seen
from app.lab.evaluation.gates.watching import LEAST, watch_rates
from app.passes.records import NewPass
from tests.api.test_video import passing_car
from tests.passes.made import made, prior
from tests.video.clips import write_clip

FEW = (10, 100)
P = 1e-6
"""How often plates are any plate, in these tests."""


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists as long as they are take seconds to draw."""
    monkeypatch.setattr(watching, "SIZES", FEW)
    monkeypatch.setattr(watching, "LISTS", 2)


def told(text: str, confidence: float, *, agreeing: int = 2) -> NewPass:
    detail = {**made(text).detail, "agreeing": agreeing}
    return made(text, confidence=confidence, event="update", detail=detail)


def seen(truth: str | None, *events: NewPass) -> Seen:
    return Seen(truth, events, events[-1:])


def share(text: str) -> float:
    return P if len(text) == 6 else 0.0


def test_what_opens() -> None:
    vehicle = seen(
        "ABC123",
        told("ABC128", 0.95),
        told("ABC123", 0.999),
        told("ABC124", 0.999, agreeing=1),
    )
    assert opened_for(vehicle, min_reads=2, threshold=0.9) == {"ABC123", "ABC128"}
    assert opened_for(vehicle, min_reads=2, threshold=0.99) == {"ABC123"}
    assert opened_for(vehicle, min_reads=1, threshold=0.99) == {"ABC123", "ABC124"}
    cut = seen("ABC123", made("ABC123", confidence=1.0, evidence=None))
    assert opened_for(cut, min_reads=0, threshold=0.5) == set()


def test_owners_and_strangers() -> None:
    vehicles = [
        seen("ABC123", told("ABC123", 0.99)),
        seen("DEF456", told("DEF456", 0.6)),
        seen("GHI789", told("GHI788", 0.99)),
        seen(None, told("XYZ1", 0.99)),  # whose it is, nobody knows, and no list has it
    ]
    rates = gate_rates(vehicles, share, min_reads=2, threshold=0.9)
    assert (rates.refused.count, rates.refused.total) == (2, 3)
    assert (rates.wrong.count, rates.wrong.total) == (2, 4)
    assert [risk.size for risk in rates.risks] == list(SIZES)
    for risk in rates.risks:
        assert risk.random == pytest.approx(risk.size * P / 4, rel=0.01)
        assert risk.random_high == pytest.approx(rates.wrong.high * risk.size * P, rel=0.01)
    near = [risk.near for risk in rates.risks]
    assert 0 < near[0] < near[-1] == pytest.approx(0.25)


def test_a_perfect_reader_lets_nobody_else_in() -> None:
    rates = gate_rates([seen("ABC123", told("ABC123", 1.0))], share, min_reads=2, threshold=0.9)
    assert (rates.refused.count, rates.wrong.count) == (0, 0)
    assert all(risk.random == risk.near == 0 < risk.random_high for risk in rates.risks)


@pytest.mark.usefixtures("_few")
def test_what_lists_find() -> None:
    vehicles = [seen("ABC123", made("ABC123")), seen("ABC128", made("ABC123", doubts={5: "8"}))]
    rates = {(each.size, each.least): each for each in watch_rates(vehicles, prior)}
    assert set(rates) == {(size, least) for size in FEW for least in LEAST}
    sure, unsure = rates[100, 0.5], rates[100, 0.1]
    assert (sure.found.count, unsure.found.count, sure.found.total) == (1, 2, 2)
    assert sure.named.count == 0


@pytest.mark.slow
@pytest.mark.usefixtures("_few")
def test_the_command(tmp_path: Path) -> None:
    write_clip(tmp_path / "car.avi", passing_car("ABC123", 8, fps=5), 5)
    (tmp_path / "labels.csv").write_text("file,text,start_s,end_s\ncar.avi,ABC123,0,2\n")
    figures = tmp_path / "figures.json"
    assert main(["evaluate", str(tmp_path), "--gates", "--json", str(figures)]) == 0
    body = json.loads(figures.read_text())
    first = body["gates"][0]
    assert (first["threshold"], first["refused"]["count"], first["wrong"]["total"]) == (0.5, 0, 1)
    assert len(body["lists"]) == len(FEW) * len(LEAST)
