"""The store as a whole: takes passes, finds them, and forgets them."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from app.config import Settings
from app.errors import InvalidRequest, StoreUnavailable, UnknownPass
from app.passes.gates.log import DecisionLog
from app.passes.lists.book import ListBook
from app.passes.lists.matching import ListMatcher, Matched
from app.passes.records import NewPass
from app.passes.store.audit import Action, Audit, AuditLine, told
from app.passes.store.backlog import Backlog
from app.passes.store.correcting import correction
from app.passes.store.database import migrate, open_database, postgresql_url, sqlite_url, translated
from app.passes.store.erasing import Eraser, Retention
from app.passes.store.fencing import Fence, Fenced
from app.passes.store.fuzzy import find_probable
from app.passes.store.pictures import Picture, PictureKind, open_pictures
from app.passes.store.privacy import Privacy
from app.passes.store.rows import Gates, PassWriter, Teller
from app.passes.store.searching import SHOWN, Page, PassFilter, StoredPass, find_page, stored
from app.passes.store.tables import PASSES, microseconds
from app.passes.store.texts import asked_plate
from app.passes.store.weighing import Prior
from app.passes.store.writing import Counted, Writer, Written

logger = logging.getLogger(__name__)

FILE = "passes.sqlite3"
EXPORTED_PAGE = 500
_COMPLAIN_S = 60.0
_ERASE_WAIT_S = 10.0
_RETRY_S = 2.0


class PassStore:
    """A `PassSink` that is searched. Thread-safe.

    All that reads or deletes raises StoreUnavailable where the database cannot be reached, and is
    noted with `who` asked.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        prior: Prior,
        observe: Counted = lambda written, waiting: None,
        lost: Callable[[], None] = lambda: None,
        matched: Matched = lambda kind: None,
        gates: Gates | None = None,
        tell: Sequence[Teller] = (),
        committed: Callable[[], None] = lambda: None,
        fenced: Fenced = lambda what: None,
        written: Written = lambda passing, accepted: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`lost` is called for each pass that there was no room for, `matched` with the kind of
        a list for each that is on one, `tell` with those that are written, `committed` when they
        are, `fenced` as `Fence` says, and `written` with each that is.

        A server that cannot be reached is no reason not to start: passes wait until it can.

        Raises:
            StoreError: it was made by a newer version, or a URL is none.
            OSError: the folder cannot be used.
        """
        root, url = settings.store_path, settings.database_url
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._backlog = Backlog(root / "waiting", max_bytes=settings.store_backlog_bytes)
        self._privacy = Privacy.of(settings)
        self.url = (
            sqlite_url(root / FILE) if url is None else postgresql_url(url.get_secret_value())
        )
        self.engine = open_database(self.url)
        self._pictures = open_pictures(settings)
        self._prior, self._lost, self._now = prior, lost, now
        self._ready, self._preparing, self._retry_at = False, threading.Lock(), 0.0
        self._complained = -_COMPLAIN_S
        self._eraser = Eraser(
            self.engine,
            self._pictures,
            Retention(settings.store_days, settings.store_max_bytes, settings.audit_days),
            now=now,
        )
        self._audit = Audit(self.engine, now)
        self.lists = ListBook(self.engine, self._audit, usable=self._usable, now=now)
        self.matcher = ListMatcher(prior, matched) if self._privacy.has_texts else None
        self.gate_decisions = DecisionLog(self.engine, self._audit, self._usable)
        self._writer = Writer(
            PassWriter(
                self.engine,
                self._pictures,
                self._privacy,
                tell=tell,
                matcher=self.matcher,
                gates=gates,
                fence=Fence(self._privacy, fenced),
            ),
            self._backlog,
            prepare=self.prepare,
            observe=observe,
            tidy=self._tidy,
            committed=committed,
            written=written,
        )
        try:
            self.prepare()
        except StoreUnavailable as error:
            if url is None:
                raise OSError(
                    f"The store {root / FILE} cannot be used: {_cause(error)}."
                ) from error
            logger.error("the database cannot be reached yet: %s", _cause(error))  # noqa: TRY400
        self._writer.start()

    def add(self, passing: NewPass) -> None:
        """As `PassSink` says: it is in a file when this returns, and soon in the database."""
        allowed = self._privacy.allowed(passing)
        try:
            kept, why = self._backlog.add(allowed), "there is no room for what waits"
        except OSError as error:
            kept, why = False, str(error.strerror)
        if not kept:
            self._lost()
            if time.monotonic() >= self._complained + _COMPLAIN_S:
                self._complained = time.monotonic()
                logger.error("passes are lost: %s", why)
        self._writer.wake()

    def written(self, seconds: float) -> bool:
        """Whether nothing waits any more, now or within some seconds. Raises OSError."""
        return self._backlog.wait_empty(seconds)

    def find(
        self, wanted: PassFilter, *, who: str, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """Raises InvalidRequest, StoreUnavailable."""
        with self._usable():
            page = self._find(wanted, limit, cursor)
            self._note(who, "search", wanted, len(page.passes))
            return page

    def export(self, wanted: PassFilter, *, who: str) -> Iterator[StoredPass]:
        """All of them, newest first, a page at a time. Raises InvalidRequest, StoreUnavailable."""
        cursor: str | None = None
        first = True
        while first or cursor is not None:
            with self._usable():
                page = self._find(wanted, EXPORTED_PAGE, cursor)
                if first:
                    self._note(who, "export", wanted, len(page.passes))
            yield from page.passes
            first, cursor = False, page.cursor

    def get(self, pass_id: str, *, who: str) -> StoredPass:
        """Raises UnknownPass, StoreUnavailable."""
        with self._usable():
            found = self._get(pass_id)
            self._audit.note(who, "show", plate=None, detail={"id": pass_id}, results=1)
            return found

    def picture(self, pass_id: str, kind: PictureKind, *, who: str) -> Picture:
        """Raises UnknownPass where there is none, StoreUnavailable, OSError."""
        with self._usable():
            found = self._get(pass_id)
            self._audit.note(who, "picture", plate=None, detail={"id": pass_id}, results=1)
        picture = self.picture_of(found, kind)
        if picture is None:
            raise UnknownPass("That pass has no such picture.")
        return picture

    def picture_of(self, found: StoredPass, kind: PictureKind) -> Picture | None:
        """For those who were given the pass. Raises OSError, StoreUnavailable."""
        suffix = found.suffix(kind)
        if suffix is None:
            return None
        return self._pictures.read(found.id, microseconds(found.at), kind, suffix)

    def shown(self, pass_id: str) -> Picture | None:
        """A picture for those who are told of a pass: the whole frame, or else the plate.

        Raises DBAPIError, OSError, StoreUnavailable.
        """
        try:
            found = self._get(pass_id)
        except UnknownPass:
            return None
        return self.picture_of(found, "frame") or self.picture_of(found, "crop")

    def correct(self, pass_id: str, plate: str | None, *, who: str) -> StoredPass:
        """Keep what a person says that the plate is beside the reading, or take it back with None.

        Raises InvalidRequest, UnknownPass, StoreUnavailable.
        """
        if not self._privacy.has_texts:
            raise InvalidRequest("Where only hashes of plates are kept, none can be corrected.")
        values = correction(plate, by=who, at=self._now())
        with self._usable():
            self._get(pass_id)
            with self.engine.begin() as connection:
                connection.execute(sa.update(PASSES).where(PASSES.c.id == pass_id).values(values))
            key = values["correction_key"]
            self._audit.note(who, "correct", plate=key, detail={"id": pass_id}, results=1)
            return self._get(pass_id)

    def delete(self, pass_id: str, *, who: str) -> None:
        """Raises UnknownPass, StoreUnavailable, OSError."""
        with self._usable():
            self._get(pass_id)
            self._audit.note(who, "delete", plate=None, detail={"id": pass_id}, results=1)
            self._eraser.erase_where(PASSES.c.id == pass_id)

    def erase(self, plate: str, *, who: str) -> int:
        """Delete all passes of a plate, those that wait too, and its name in the audit.

        Returns how many there were. Raises InvalidRequest, StoreUnavailable, OSError.
        """
        key = self._privacy.key(asked_plate(plate))
        with self._usable():
            self._write_all()
            erased = self._eraser.erase_plate(key)
            self._audit.forget(key)
            self._audit.note(who, "erase", plate=None, detail={}, results=erased)
            return erased

    def audit(
        self, *, who: str, limit: int = 50, cursor: str | None = None
    ) -> tuple[list[AuditLine], str | None]:
        """Who did what, newest first. Raises InvalidRequest, StoreUnavailable."""
        with self._usable():
            found = self._audit.lines(limit=limit, cursor=cursor)
            self._audit.note(who, "audit", plate=None, detail={}, results=len(found[0]))
            return found

    def note(self, who: str, action: Action, detail: dict[str, Any], results: int) -> None:
        """A line of the audit about something that is no search. Raises DBAPIError."""
        self._audit.note(who, action, plate=None, detail=detail, results=results)

    def close(self) -> None:
        """Write what waits, as far as that can be done now."""
        self._writer.close()
        self.engine.dispose()

    def _find(self, wanted: PassFilter, limit: int, cursor: str | None) -> Page:
        with self.engine.connect() as connection:
            if wanted.match == "fuzzy" and wanted.plate is not None and self._privacy.has_texts:
                return find_probable(connection, wanted, self._prior, limit=limit, cursor=cursor)
            return find_page(connection, wanted, self._privacy, limit=limit, cursor=cursor)

    def _get(self, pass_id: str) -> StoredPass:
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(*SHOWN).where(PASSES.c.id == pass_id)).one_or_none()
        if row is None:
            raise UnknownPass("There is no pass with that id.")
        return stored(row)

    def _note(self, who: str, action: Action, wanted: PassFilter, results: int) -> None:
        plate = None
        if wanted.plate is not None:
            plate = self._privacy.key(asked_plate(wanted.plate, wild=wanted.match == "wildcard"))
        self._audit.note(who, action, plate=plate, detail=told(wanted), results=results)

    def _usable(self) -> AbstractContextManager[None]:
        self.prepare()
        return translated()

    def prepare(self) -> None:
        """Bring the database up to date, once. Raises StoreUnavailable, StoreError."""
        with self._preparing:
            if self._ready:
                return
            if time.monotonic() < self._retry_at:  # whoever waits here must not wait in turn
                raise StoreUnavailable("The store cannot be reached; try again.", retry_after=5)
            try:
                migrate(self.url)
            except StoreUnavailable:
                self._retry_at = time.monotonic() + _RETRY_S
                raise
            self._ready = True

    def _tidy(self) -> None:
        if not self._ready:
            return
        self._eraser.keep_to_limits()
        if self.matcher is not None:  # others may have changed the lists
            with translated(), self.engine.connect() as connection:
                self.matcher.snapshot(connection)

    def _write_all(self) -> None:
        """Raises StoreUnavailable where another process does not get to it."""
        give_up = time.monotonic() + _ERASE_WAIT_S
        while not self._writer.write_waiting():
            if time.monotonic() > give_up:
                raise StoreUnavailable("The store is busy; try again.", retry_after=5)
            time.sleep(0.05)


def _cause(error: StoreUnavailable) -> str:
    return str(getattr(error.__cause__, "orig", None) or error)
