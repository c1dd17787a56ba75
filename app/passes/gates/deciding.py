"""Whether a gate opens for what was seen: only where nothing at all speaks against it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.passes.gates.rules import GateConfig, GateRule
from app.passes.lists.entries import Entry, PlateList, standing
from app.passes.lists.hours import time_zone, weekly_hours
from app.passes.lists.matching import Snapshot
from app.passes.records import NewPass

Reason = Literal[
    "opened",
    "dry_run",
    "late",
    "gate_hours",
    "no_list",
    "cut",
    "not_listed",
    "not_exact",
    "entry_not_valid",
    "entry_hours",
    "entry_camera",
    "few_reads",
    "improbable",
    "cooldown",
    "no_target",
    "fault",
]
"""`opened`, or why not. `dry_run` would have opened. `not_exact`: it may be one of the list, but
was read otherwise. `late`: it was told of too late, or a clock is wrong."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`against` is what speaks against opening, None for nothing; `entry` the one of the list whose
    plate was read."""

    against: Reason | None
    entry: Entry | None = None


def judge(rule: GateRule, event: NewPass, snapshot: Snapshot, now: datetime) -> Judgement:
    """By the rule, the lists and the event alone; what was before is left to the keeper."""
    plate_list = snapshot.lists.get(rule.config.list)
    against = _of_gate(rule.config, event, plate_list, now)
    if against is not None or plate_list is None:
        return Judgement(against or "no_list")
    entry = snapshot.exactly(plate_list.name, event.plate)
    if entry is None:
        maybe = any(match.list == plate_list.name for match in event.matches)
        return Judgement("not_exact" if maybe else "not_listed")
    return Judgement(_of_entry(rule.config, event, plate_list, entry), entry)


def _of_gate(
    config: GateConfig, event: NewPass, plate_list: PlateList | None, now: datetime
) -> Reason | None:
    """What speaks against it, whoever it is."""
    if abs(now - event.last_at) > timedelta(seconds=config.max_age):
        return "late"
    if not weekly_hours(config.hours).contains(event.last_at, time_zone(config.time_zone)):
        return "gate_hours"
    if plate_list is None or plate_list.draft.kind != "allow":
        return "no_list"
    return "cut" if event.evidence is None else None


def _of_entry(
    config: GateConfig, event: NewPass, plate_list: PlateList, entry: Entry
) -> Reason | None:
    """What speaks against one whose plate was read to the letter."""
    counts = standing(
        entry.draft, plate_list.draft.time_zone, at=event.last_at, camera=event.camera
    )
    if counts != "in_force":
        return counts
    if event.detail["agreeing"] < config.min_reads:
        return "few_reads"
    sure = event.confidence >= config.min_probability  # not so where it is no number
    return None if sure else "improbable"
