"""Gates in both databases: what opens them, and all that does not."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.passes.gates import keeper as keeping
from app.passes.gates.deciding import Reason, judge
from app.passes.gates.keeper import GateKeeper
from app.passes.gates.log import Decision
from app.passes.gates.rules import GateConfig, GateRule
from app.passes.lists.entries import EntryDraft, ListDraft
from app.passes.records import NewPass
from app.passes.store.searching import PassFilter
from app.passes.store.store import PassStore
from app.passes.store.tables import OUTBOX
from tests.passes.conftest import StoreFactory
from tests.passes.made import NOON, WHO, made
from tests.servers import eventually

RULE = {"list": "residents", "cameras": ("drive",), "open": "relay", "min_probability": 0.99}


class Gate:
    """A store with one gate, and a clock."""

    def __init__(self, make_store: StoreFactory, database: str | None) -> None:
        self.now = NOON
        self.rules = {"front": rule()}
        self.targets = {"relay"}
        self.counted: list[tuple[str, str]] = []
        self.keeper = GateKeeper(
            lambda: self.rules,
            has_target=lambda name: name in self.targets,
            decided=lambda gate, reason: self.counted.append((gate, reason)),
            now=self.seconds,
        )
        self.store: PassStore = make_store(
            database_url=database, gates=self.keeper, now=self.seconds
        )
        self.store.lists.create("residents", ListDraft(kind="allow"), who=WHO)
        self.allow(EntryDraft(plate="ABC123", owner="Jo"))

    def seconds(self) -> float:
        return self.now.timestamp()

    def allow(self, *drafts: EntryDraft) -> None:
        self.store.lists.fill("residents", drafts, only=True, who=WHO)

    def see(self, event: NewPass) -> list[Reason]:
        """Reasons of all decisions on a pass, once the event is dealt with; oldest first."""
        self.store.add(event)
        self.store.add(marker := vehicle("ZZZ999", event="end", source="video"))
        assert eventually(lambda: self._has(marker))
        return [each.reason for each in self.decisions() if each.pass_id == event.id]

    def _has(self, passing: NewPass) -> bool:
        found = list(self.store.export(PassFilter(), who=WHO))
        return passing.id in {each.id for each in found}

    def decisions(self) -> list[Decision]:
        return self.store.gate_decisions.page(who=WHO, limit=500)[0][::-1]

    def sent(self) -> list[Any]:
        with self.store.engine.connect() as connection:
            return list(connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.seq)))


def rule(**changes: Any) -> GateRule:
    return GateRule("front", GateConfig.model_validate({**RULE, **changes}))


def vehicle(text: str = "ABC123", **changes: Any) -> NewPass:
    """A vehicle that a camera has just told of."""
    given: dict[str, Any] = {
        "source": "camera",
        "camera": "drive",
        "event": "new",
        "confidence": 0.999,
    }
    passing = made(text, **given | changes)
    if "detail" in changes:
        return passing
    return replace(passing, detail=passing.detail | {"agreeing": 2})


@pytest.fixture
def gate(make_store: StoreFactory, database: str | None) -> Gate:
    return Gate(make_store, database)


def test_it_opens(gate: Gate) -> None:
    event = vehicle()
    assert gate.see(event) == ["opened"]
    (decision,) = gate.decisions()
    assert decision == Decision(
        NOON, "front", "drive", event.id, "ABC123", "residents", 1, 0.999, 2, "opened"
    )
    (sent,) = gate.sent()
    assert (sent.target, sent.kind, sent.pass_id) == ("relay", "gate.open", event.id)
    assert sent.expires == int((NOON + timedelta(seconds=10)).timestamp() * 1e6)
    assert sent.payload["gate"] == "front"
    assert (sent.payload["plate"], sent.payload["owner"]) == ("ABC123", "Jo")
    assert datetime.fromisoformat(sent.payload["expires_at"]) == NOON + timedelta(seconds=10)
    assert gate.counted == [("front", "opened")]


def test_once_a_pass(gate: Gate) -> None:
    event = vehicle()
    assert gate.see(event) == ["opened"]
    gate.rules = {"front": rule(cooldown=0)}
    for moment in ("new", "update", "update", "end"):
        assert gate.see(replace(event, event=moment, event_id=moment * 8)) == ["opened"]
    assert len(gate.sent()) == 1


def test_again_when_it_comes_back(gate: Gate) -> None:
    assert gate.see(vehicle()) == ["opened"]
    gate.now = NOON + timedelta(seconds=9)
    again = vehicle(minute=9 / 60)
    assert gate.see(again) == ["cooldown"]
    gate.now = NOON + timedelta(seconds=11)
    assert gate.see(replace(again, event="update", last_at=gate.now)) == ["cooldown", "opened"]
    assert len(gate.sent()) == 2


def test_the_cooldown_is_of_one_vehicle(gate: Gate) -> None:
    gate.allow(EntryDraft(plate="ABC123"), EntryDraft(plate="DEF456"))
    assert gate.see(vehicle()) == ["opened"]
    assert gate.see(vehicle("DEF456")) == ["opened"]


def test_a_clock_that_was_ahead_locks_nobody_out(gate: Gate) -> None:
    gate.now = NOON + timedelta(hours=1)
    assert gate.see(vehicle(minute=60)) == ["opened"]
    gate.now = NOON
    assert gate.see(vehicle()) == ["opened"]


def test_it_opens_as_soon_as_the_reading_is_good(gate: Gate) -> None:
    event = vehicle()
    doubtful = replace(event, confidence=0.95)
    assert gate.see(doubtful) == ["improbable"]
    assert gate.see(replace(doubtful, event="update", event_id="a" * 32)) == ["improbable"]
    assert gate.see(replace(event, event="update", event_id="b" * 32)) == ["improbable", "opened"]


SATURDAY = NOON + timedelta(days=1)

CLOSED: list[tuple[str, Callable[[], NewPass], dict[str, Any]]] = [
    ("not_listed", lambda: vehicle("DEF456"), {}),
    ("not_exact", lambda: vehicle("ABC128", doubts={5: "3"}), {}),
    ("not_exact", lambda: vehicle("ABC12"), {"likely": True}),
    ("few_reads", lambda: vehicle(detail=vehicle().detail | {"agreeing": 1}), {}),
    ("few_reads", vehicle, {"rule": {"min_reads": 3}}),
    ("few_reads", lambda: vehicle(source="picture", event="end", detail=made("A").detail), {}),
    ("improbable", lambda: vehicle(confidence=0.98), {}),
    ("improbable", lambda: vehicle(confidence=math.nan), {}),
    ("late", lambda: vehicle(minute=-1), {}),
    ("late", lambda: vehicle(minute=1), {}),
    ("cut", lambda: vehicle(evidence=None), {}),
    ("no_list", vehicle, {"rule": {"list": "none"}}),
    ("no_list", vehicle, {"kind": "watch"}),
    ("no_target", vehicle, {"rule": {"open": "none"}}),
    ("gate_hours", vehicle, {"rule": {"hours": "sat 08:00-09:00"}}),
    ("entry_hours", vehicle, {"entry": {"hours": "fri 12:00-13:00"}}),
    ("entry_camera", vehicle, {"entry": {"cameras": ("yard",)}}),
    ("entry_not_valid", vehicle, {"entry": {"valid_until": NOON}}),
    ("entry_not_valid", vehicle, {"entry": {"valid_from": SATURDAY}}),
    ("dry_run", vehicle, {"rule": {"dry_run": True}}),
]


@pytest.mark.parametrize(("reason", "make", "given"), CLOSED)
def test_it_stays_closed(
    make_store: StoreFactory, reason: str, make: Callable[[], NewPass], given: dict[str, Any]
) -> None:
    gate = Gate(make_store, None)
    gate.rules = {"front": rule(**given.get("rule", {}))}
    kind = given.get("kind", "allow")
    least = 0.0 if given.get("likely") else 0.01
    draft = ListDraft(kind=kind, min_probability=least)
    gate.store.lists.change("residents", draft, who=WHO)
    gate.allow(EntryDraft(plate="ABC123", **given.get("entry", {})))
    event = make()
    if math.isnan(event.confidence):  # which no database would take
        judged = judge(gate.rules["front"], event, _snapshot(gate.store), gate.now)
        assert judged.against == reason
        return
    assert gate.see(event) == [reason]
    assert gate.sent() == []


def _snapshot(store: PassStore) -> Any:
    matcher = store.matcher
    assert matcher is not None
    with store.engine.connect() as connection:
        return matcher.snapshot(connection)


def test_what_decides_nothing(gate: Gate) -> None:
    assert gate.see(vehicle(camera="street")) == []
    assert gate.see(vehicle(event="end")) == []
    assert gate.see(vehicle(source="video", event="new")) == []


def test_pictures_open_where_one_read_is_enough(gate: Gate) -> None:
    gate.rules = {"front": rule(min_reads=1)}
    picture = vehicle(source="picture", event="end", detail=made("A").detail)
    assert gate.see(picture) == ["opened"]


def test_a_change_of_the_list_counts_at_once(gate: Gate) -> None:
    gate.rules = {"front": rule(cooldown=0)}
    assert gate.see(vehicle()) == ["opened"]
    gate.allow()
    assert gate.see(vehicle()) == ["not_listed"]
    gate.allow(EntryDraft(plate="ABC123"))
    assert gate.see(vehicle()) == ["opened"]


def test_a_fault_of_ours_opens_nothing(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: Any) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(keeping, "judge", fail)
    assert gate.see(vehicle()) == ["fault"]
    assert gate.sent() == []
    assert "stays closed" in caplog.text
    assert "ABC123" not in caplog.text


def test_nothing_is_kept_of_what_is_ignored(gate: Gate) -> None:
    gate.store.lists.create("mine", ListDraft(kind="ignore"), who=WHO)
    gate.store.lists.fill("mine", [EntryDraft(plate="ABC123")], only=True, who=WHO)
    assert gate.see(vehicle()) == ["opened"]
    (decision,) = gate.decisions()
    (sent,) = gate.sent()
    assert decision.plate is None
    assert "ABC123" not in str(sent.payload)


def test_erasing_leaves_the_decision_without_its_plate(gate: Gate) -> None:
    event = vehicle()
    gate.see(event)
    gate.store.erase("ABC123", who=WHO)
    (decision,) = gate.decisions()
    assert (decision.plate, decision.reason) == (None, "opened")
    assert gate.sent() == []


def test_old_decisions_go(make_store: StoreFactory, database: str | None) -> None:
    gate = Gate(make_store, database)
    gate.see(vehicle("DEF456"))
    gate.now += timedelta(days=91)
    assert eventually(lambda: gate.decisions() == [])


def test_decisions_in_pages(gate: Gate) -> None:
    gate.rules = {"front": rule(), "back": GateRule("back", rule(list="none").config)}
    gate.see(vehicle("DEF456"))
    gate.see(vehicle("GHI789"))
    log = gate.store.gate_decisions
    first, cursor = log.page(who=WHO, limit=3)
    second, end = log.page(who=WHO, limit=3, cursor=cursor)
    assert (len(first), len(second), end) == (3, 1, None)
    found, _ = log.page(who=WHO, gate="back")
    assert [each.reason for each in found] == ["no_list", "no_list"]
    found, _ = log.page(who=WHO, reason="not_listed")
    assert [each.gate for each in found] == ["front", "front"]
