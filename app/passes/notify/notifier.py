"""Telling others as a whole: a file of targets, an announcer, a sender, and those who look after
them."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.config import Settings
from app.errors import StoreUnavailable, UnknownTarget
from app.guard import ResolverFactory, dns, private_certificates, public_certificates
from app.passes.notify import outbox
from app.passes.notify.announcing import Announcer, iso
from app.passes.notify.channel import Channel
from app.passes.notify.ledger import TEST, Backlog, Delivery, Ledger, State
from app.passes.notify.mqtt import MqttChannel
from app.passes.notify.ownership import FileOwnership, Ownership, SessionOwnership
from app.passes.notify.sender import Pace, Sender, Surveyed, Told
from app.passes.notify.targets import MqttConfig, Target, load_targets, private_hosts
from app.passes.notify.webhook import WebhookChannel
from app.passes.store.database import translated
from app.passes.store.pictures import Picture
from app.passes.store.privacy import Privacy
from app.passes.store.store import PassStore
from app.passes.store.tables import moment

TEST_AGE_S: Final = 60.0
_DAY_S: Final = 86_400.0
_LOCK: Final = "sender.lock"


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """`address` is without path and query; `oldest` of what waits."""

    name: str
    kind: str
    form: str | None
    address: str
    waiting: int
    oldest: datetime | None
    disabled: datetime | None
    reason: str | None


class Notifier:
    """Thread-safe. What reads or changes deliveries raises StoreUnavailable where the database
    cannot be reached."""

    def __init__(
        self,
        settings: Settings,
        *,
        told: Told = lambda target, outcome: None,
        surveyed: Surveyed = lambda waiting, disabled: None,
        wrap: Callable[[Channel], Channel] = lambda channel: channel,
        pace: Pace | None = None,
        resolver: ResolverFactory = dns,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`wrap`: put around each channel."""
        self._wrap = wrap
        self._settings, self._told, self._surveyed = settings, told, surveyed
        self._pace, self._resolver, self._now = pace or Pace(), resolver, now
        self._certificates = public_certificates()
        self._privacy = Privacy.of(settings)
        self._targets: dict[str, Target] = {}
        self._applying = threading.Lock()
        self._sender: Sender | None = None
        self.announcer = Announcer(lambda: self._targets, self._privacy, now)

    def start(self, store: PassStore) -> None:
        """Begin to send what is in the outbox of a store, whose passes `announcer` tells of."""
        self._store = store
        self._ledger = Ledger(store.engine, self._now)
        self._sender = Sender(
            self._ledger,
            self._ownership(),
            self._channel,
            prepare=self._prepared,
            keep_s=self._settings.delivery_days * _DAY_S,
            told=self._told,
            surveyed=self._surveyed,
            pace=self._pace,
            now=self._now,
        )
        self._sender.apply(self._targets)
        self._sender.start()

    def apply(self, path: Path) -> list[str]:
        """Tell the targets of a file and no others; the names of those that changed.

        Raises:
            InvalidTargets, OSError
        """
        targets = load_targets(path, self._settings)
        with self._applying:
            before, self._targets = self._targets, targets
            if self._sender is not None:
                self._sender.apply(targets)
        return sorted(
            name for name in {**before, **targets} if before.get(name) != targets.get(name)
        )

    def has(self, name: str) -> bool:
        """Whether the file has a target of that name."""
        return name in self._targets

    def wake(self) -> None:
        """There may be something to send."""
        if self._sender is not None:
            self._sender.wake()

    def close(self) -> None:
        if self._sender is not None:
            self._sender.close()

    def targets(self) -> list[TargetStatus]:
        """Those of the file, and those that something still waits for."""
        with self._usable():
            waiting, disabled = self._ledger.waiting(), self._ledger.disabled()
        known = self._targets
        return [
            _status(name, known.get(name), waiting.get(name), disabled.get(name))
            for name in sorted({*known, *waiting})
        ]

    def deliveries(
        self, *, state: State | None, target: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Delivery], str | None]:
        """Newest first, and the cursor of what follows. Raises InvalidRequest."""
        with self._usable():
            return self._ledger.page(state=state, target=target, limit=limit, cursor=cursor)

    def replay(self, delivery_id: str, *, who: str) -> None:
        """Raises UnknownDelivery, NotReplayable."""
        with self._usable():
            self._ledger.replay(delivery_id)
            self._store.note(who, "replay", {"delivery": delivery_id}, 1)
        self.wake()

    def replay_failed(self, target: str, *, who: str) -> int:
        """How many there are. Raises UnknownTarget."""
        self._known(target)
        with self._usable():
            again = self._ledger.replay_failed(target)
            self._store.note(who, "replay", {"target": target}, again)
        self.wake()
        return again

    def test(self, target: str, *, who: str) -> str:
        """Tell a target of a pass that never was; the id of the delivery. Raises UnknownTarget."""
        self._known(target)
        now, test_id = self._now(), uuid.uuid4().hex
        with self._usable(), self._store.engine.begin() as connection:
            outbox.add(
                connection,
                target,
                _example(int(now * 1e6), test_id, hashed=not self._privacy.has_texts),
                kind=TEST,
                id=test_id,
                at=now,
                expires_at=now + TEST_AGE_S,
            )
        self._store.note(who, "test", {"target": target}, 1)
        self.wake()
        return outbox.message_id(test_id, target)

    def disable(self, target: str, *, who: str) -> None:
        """What there is to tell it waits, until it is too old. Raises UnknownTarget."""
        self._known(target)
        with self._usable():
            self._ledger.disable(target, "somebody disabled it")
            self._store.note(who, "disable", {"target": target}, 1)
        self._look_again()

    def enable(self, target: str, *, who: str) -> None:
        """Raises UnknownTarget."""
        self._known(target)
        with self._usable():
            self._ledger.enable(target)
            self._store.note(who, "enable", {"target": target}, 1)
        self._look_again()

    def _known(self, target: str) -> None:
        if target not in self._targets:
            raise UnknownTarget("There is no target of that name.")

    def _look_again(self) -> None:
        if self._sender is not None:
            self._sender.survey()

    def _usable(self) -> AbstractContextManager[None]:
        self._store.prepare()
        return translated()

    def _prepared(self) -> bool:
        try:
            self._store.prepare()
        except StoreUnavailable:
            return False
        return True

    def _ownership(self) -> Ownership:
        engine = self._store.engine
        if engine.dialect.name == "sqlite":
            return FileOwnership(self._settings.store_path / _LOCK)
        return SessionOwnership(engine)

    def _channel(self, target: Target) -> Channel:
        config = target.config
        certificates = (
            self._certificates
            if target.authorities is None
            else private_certificates(target.authorities)
        )
        if isinstance(config, MqttConfig):
            return self._wrap(MqttChannel(target, config, certificates, wake=self.wake))
        return self._wrap(
            WebhookChannel(
                target,
                config,
                self._picture,
                certificates,
                private_hosts=private_hosts(self._settings),
                resolver=self._resolver,
            )
        )

    async def _picture(self, pass_id: str) -> Picture | None:
        return await asyncio.to_thread(self._store.shown, pass_id)


def _status(
    name: str,
    target: Target | None,
    backlog: Backlog | None,
    disabled: tuple[datetime, str] | None,
) -> TargetStatus:
    since, reason = disabled or (None, None)
    return TargetStatus(
        name=name,
        kind="unknown" if target is None else target.kind,
        form=None if target is None else target.form,
        address="" if target is None else target.address,
        waiting=0 if backlog is None else backlog.waiting,
        oldest=None if backlog is None else moment(int(backlog.oldest * 1e6)),
        disabled=since,
        reason=reason,
    )


def _example(now: int, test_id: str, *, hashed: bool) -> dict[str, Any]:
    """The payload of a pass that never was: no plate is TEST."""
    at = iso(moment(now))
    return {
        "id": test_id,
        "source": "picture",
        "camera": "test",
        "at": at,
        "last_at": at,
        "plate": None if hashed else "TEST",
        "plate_hash": "0" * 32 if hashed else None,
        "format": None,
        "confidence": 1.0,
        "candidates": [{"plate": "TEST", "format": None, "probability": 1.0}] * (not hashed),
        "matches": [],
        "frames": 1,
        "reads": 1,
        "agreeing": 1,
        "raw_reads": {},
        "direction": None,
        "bbox": None,
        "detection_confidence": 1.0,
        "validation": None,
        "request_id": None,
        "crop": None,
        "frame": None,
    }
