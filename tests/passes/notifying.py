"""Stores whose passes are told to others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.config import Settings
from app.passes.notify.ledger import Delivery
from app.passes.notify.notifier import Notifier
from app.passes.notify.sender import Pace
from app.passes.store.store import PassStore
from tests.names import Names, TableResolver
from tests.passes.made import WHO, prior
from tests.servers import eventually

PACE: dict[str, Any] = {"pauses": (0.05, 0.1), "poll_s": 0.05, "survey_s": 0.1}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Notified:
    """A store and its notifier, with what they told."""

    def __init__(
        self, folder: Path, targets: str, *, names: Names | None = None, **changes: Any
    ) -> None:
        pace = Pace(**{name: changes.pop(name, value) for name, value in PACE.items()})
        self.file = folder / "targets.yml"
        self.file.write_text(targets)
        given: dict[str, Any] = {
            "store": "on",
            "url_private_hosts": ("127.0.0.1",),
            "notify_file": self.file,
        }
        self.settings = Settings(store_path=folder / "store", **given | changes)
        self.outcomes: list[tuple[str, str]] = []
        self.notifier = Notifier(
            self.settings,
            told=lambda target, outcome: self.outcomes.append((target, outcome)),
            resolver=lambda: TableResolver(names or {}),
            pace=pace,
        )
        self.notifier.apply(self.file)
        self.store = PassStore(
            self.settings,
            prior=prior,
            tell=(self.notifier.announcer,),
            committed=self.notifier.wake,
        )
        self.notifier.start(self.store)

    def close(self) -> None:
        self.notifier.close()
        self.store.close()

    def deliveries(self, **which: Any) -> list[Delivery]:
        """Oldest first."""
        asked: dict[str, Any] = {"state": None, "target": None, "limit": 500, "cursor": None}
        return self.notifier.deliveries(**asked | which)[0][::-1]

    def wait(self, condition: Callable[[list[Delivery]], bool], **which: Any) -> list[Delivery]:
        assert eventually(lambda: condition(self.deliveries(**which))), self.deliveries()
        return self.deliveries(**which)

    def delivered(self, count: int) -> list[Delivery]:
        return self.wait(lambda found: len(found) == count, state="delivered")

    def replay(self, delivery: str) -> None:
        self.notifier.replay(delivery, who=WHO)


@contextmanager
def notified(folder: Path, targets: str, **changes: Any) -> Iterator[Notified]:
    told = Notified(folder, targets, **changes)
    try:
        yield told
    finally:
        told.close()
