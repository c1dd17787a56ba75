"""Calls, and limits of keys, counted by all processes together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.api.auth import KeyRing
from app.api.compat.usage import CallCounter, SharedUsage, UsageCounter
from app.config import Settings
from app.files.following import FollowedFile
from app.limits.allowances import Allowances
from app.limits.counts import Exchanging, FileRates, RateExchange

if TYPE_CHECKING:
    from app.passes.store.counts import DatabaseCounts


@dataclass(slots=True)
class Counting:
    """What is counted, and the thread that tells other processes of it, where there may be any."""

    usage: CallCounter
    allowances: Allowances
    _exchanging: Exchanging | None = None
    _counts: "DatabaseCounts | None" = None

    def start(self) -> None:
        if self._exchanging is not None:
            self._exchanging.start()

    def close(self) -> None:
        if self._exchanging is not None:
            self._exchanging.close()
        if self._counts is not None:
            self._counts.close()
        self.usage.close()


def open_counting(settings: Settings, refused: Callable[[str, str], None]) -> Counting:
    """In the database of the settings, or their file, or by this process alone.

    Raises OSError where the file cannot be used, StoreError for a URL that is none.
    """
    allowances = Allowances(settings.max_in_flight, refused)
    if settings.database_url is not None:
        counts = _open_database(settings.database_url.get_secret_value())
        usage = SharedUsage(counts.add)
        exchanging = Exchanging([RateExchange(allowances, counts), usage])
        return Counting(usage, allowances, exchanging, counts)
    counter = UsageCounter(settings.usage_file)
    if settings.usage_file is None:
        return Counting(counter, allowances)
    exchange = RateExchange(allowances, FileRates(settings.usage_file))
    return Counting(counter, allowances, Exchanging([exchange]))


def _open_database(text: str) -> "DatabaseCounts":
    from app.passes.store.counts import DatabaseCounts  # noqa: PLC0415
    from app.passes.store.database import postgresql_url  # noqa: PLC0415

    return DatabaseCounts(postgresql_url(text))


def follow_keys(settings: Settings, ring: KeyRing, allowances: Allowances) -> FollowedFile | None:
    """Accept what the file of keys says from now on; None where there is none.

    A file without any key changes nothing: nobody could ask any more, or everybody.

    Raises OSError.
    """
    allowances.apply(ring.keys)
    if settings.auth == "off" or settings.api_keys_file is None:
        return None

    def apply(path: Path) -> list[str]:
        keys = settings.keys() or ring.keys
        changed = {key.who for key in {*keys} ^ {*ring.keys}}
        ring.replace(keys)
        allowances.apply(keys)
        return sorted(changed)

    return FollowedFile(settings.api_keys_file, apply, what="keys")
