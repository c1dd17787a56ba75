"""Sends what is in the outbox, on a thread and an event loop of its own."""

import asyncio
import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError

from app.passes.notify.channel import Answer, Channel
from app.passes.notify.ledger import Backlog, Ledger, Message, Result
from app.passes.notify.ownership import Ownership
from app.passes.notify.targets import Target

logger = logging.getLogger(__name__)

MAX_RETRY_AFTER_S: Final = 86_400.0
COMPLAIN_S: Final = 60.0
"""The log tells of a target that fails so often."""
FORGET_STEP: Final = 500
JITTER: Final = (0.8, 1.2)
_SHORTEST: Final = 0.2
"""Share of the time that a message has, after which it is tried again at the latest."""
_GIVE_UP_S: Final = 0.5
"""What is on its way when the process ends is waited for so long, and sent again otherwise: all
threads of the service end within `app.config.CLOSING_SECONDS`."""

OpenChannel = Callable[[Target], Channel]
Told = Callable[[str, str], None]
"""Of a target, and the outcome of a try: `delivered`, `retried` or `failed`."""
Surveyed = Callable[[Mapping[str, Backlog], Collection[str]], None]
"""What waits for each target, and which are disabled."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`pauses` are between tries, the last one over and over, until a message is too old; `poll_s`:
    how often is looked for what other processes add, and what is due again; `survey_s`: for what
    is too old, and how much waits."""

    pauses: tuple[float, ...] = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
    poll_s: float = 0.5
    survey_s: float = 10.0


class Sender:
    """Tells each target what waits for it; one that is slow or dead delays no other."""

    def __init__(
        self,
        ledger: Ledger,
        ownership: Ownership,
        open_channel: OpenChannel,
        *,
        prepare: Callable[[], bool],
        keep_s: float,
        told: Told = lambda target, outcome: None,
        surveyed: Surveyed = lambda waiting, disabled: None,
        pace: Pace,
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            open_channel: called in the loop of the sender.
            prepare: whether the database is up to date, and can be used.
            keep_s: how long deliveries that are over are kept; 0 for ever.
        """
        self._ledger, self._ownership, self._open = ledger, ownership, open_channel
        self._prepare, self._keep_s = prepare, keep_s
        self._told, self._surveyed = told, surveyed
        self._pace, self._now = pace, now
        self._targets: Mapping[str, Target] = {}
        self._channels: dict[str, tuple[Target, Channel]] = {}
        self._disabled: Mapping[str, object] = {}
        self._sending: dict[str, set[int]] = defaultdict(set)
        self._results: list[Result] = []
        self._complain_at: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._survey_at = 0.0
        self._stopping = False
        self._loop = asyncio.new_event_loop()
        self._woken = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="notify", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def apply(self, targets: Mapping[str, Target]) -> None:
        """Tell these targets and no others. From any thread."""
        self._targets = dict(targets)
        self.wake()

    def wake(self) -> None:
        """There may be something to send. From any thread."""
        if not self._stopping:
            self._loop.call_soon_threadsafe(self._woken.set)

    def survey(self) -> None:
        """Look again which targets are disabled, and wake. From any thread."""
        self._survey_at = 0.0
        self.wake()

    def close(self) -> None:
        """End; what is on its way has a moment to arrive."""
        if not self._stopping:
            self._stopping = True
            self._loop.call_soon_threadsafe(self._woken.set)
        self._thread.join()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _run(self) -> None:
        failing = False
        while not self._stopping:
            self._woken.clear()
            try:
                await self._turn()
                failing = False
            except (DBAPIError, OSError) as error:
                if not failing:
                    logger.error("nothing is told, the outbox cannot be read: %s", error)  # noqa: TRY400
                failing = True
            except Exception:  # a fault of ours must not end the thread: nothing would be told
                if not failing:
                    logger.exception("telling others failed")
                failing = True
            if failing:
                await asyncio.sleep(self._pace.poll_s)
            try:
                await asyncio.wait_for(self._woken.wait(), self._pace.poll_s)
            except TimeoutError:
                continue
        await self._end()

    async def _turn(self) -> None:
        """Write down what became of tries, and begin others."""
        if not await asyncio.to_thread(self._prepare) or not await asyncio.to_thread(
            self._ownership.held
        ):
            await self._close_channels(but=())
            return
        await self._record()
        await self._survey()
        await self._connect()
        for name, (_, channel) in self._channels.items():
            if name in self._disabled:
                continue
            free = channel.parallel - len(self._sending[name])
            if free <= 0:
                continue
            due = await asyncio.to_thread(
                self._ledger.due, name, limit=free, but=frozenset(self._sending[name])
            )
            for message in due:
                self._begin(channel, message)

    def _may_send(self) -> bool:
        return self._prepare() and self._ownership.held()

    def _begin(self, channel: Channel, message: Message) -> None:
        self._sending[message.target].add(message.seq)
        task = asyncio.create_task(self._send(channel, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, channel: Channel, message: Message) -> None:
        try:
            async with asyncio.timeout(message.expires / 1e6 - self._now()):
                answer = await channel.send(message)
        except TimeoutError:
            answer = Answer(False, error="too late")
        except Exception:  # a fault of ours: one message must not be tried without a pause
            logger.exception("%s cannot be told", message.target)
            answer = Answer(False, error="a fault of the service: see its log")
        self._results.append(self._result(message, answer))
        self._woken.set()

    def _result(self, message: Message, answer: Answer) -> Result:
        if answer.delivered:
            return Result(message, True, answer.status)
        pause = self._pace.pauses[min(message.attempts, len(self._pace.pauses) - 1)]
        pause = min(pause, (message.expires - message.created) / 1e6 * _SHORTEST)
        pause = max(pause * random.uniform(*JITTER), min(answer.retry_after, MAX_RETRY_AFTER_S))
        due: float | None = self._now() + pause
        if due is not None and due * 1e6 >= message.expires:
            due = None
        return Result(message, False, answer.status, answer.error, due, gone=answer.gone)

    async def _record(self) -> None:
        """Raises DBAPIError: what is not written down is later."""
        results, self._results = self._results, []
        if not results:
            return
        gone = {result.message.target for result in results if result.gone}
        try:
            await asyncio.to_thread(self._ledger.record, results)
            for target in gone:
                logger.warning("%s is disabled: it answered 410", target)
                await asyncio.to_thread(self._ledger.disable, target, "it answered HTTP 410")
        except DBAPIError:
            self._results = results + self._results
            raise
        if gone:
            self._survey_at = 0.0
        for result in results:
            self._sending[result.message.target].discard(result.message.seq)
            self._note(result)

    def _note(self, result: Result) -> None:
        target = result.message.target
        now = time.monotonic()
        if not result.delivered and now >= self._complain_at.get(target, 0.0):
            self._complain_at[target] = now + COMPLAIN_S
            logger.warning("%s cannot be told: %s", target, result.error)
        retried = "retried" if result.due is not None else "failed"
        self._told(target, "delivered" if result.delivered else retried)

    async def _survey(self) -> None:
        """Now and then: which are disabled, what is too old, and how much waits."""
        if time.monotonic() < self._survey_at:
            return
        self._survey_at = time.monotonic() + self._pace.survey_s
        self._disabled = await asyncio.to_thread(self._ledger.disabled)
        for target in await asyncio.to_thread(self._ledger.expire):
            self._told(target, "failed")
        if self._keep_s:
            before = self._now() - self._keep_s
            await asyncio.to_thread(self._ledger.forget, before, FORGET_STEP)
        self._surveyed(await asyncio.to_thread(self._ledger.waiting), self._disabled)

    async def _connect(self) -> None:
        """A channel for each target as it is now."""
        targets = self._targets
        same = [name for name, (target, _) in self._channels.items() if targets.get(name) == target]
        await self._close_channels(but=same)
        for name, target in targets.items():
            if name not in self._channels:
                self._channels[name] = target, self._open(target)

    async def _close_channels(self, *, but: "list[str] | tuple[str, ...]") -> None:
        for name in [name for name in self._channels if name not in but]:
            _, channel = self._channels.pop(name)
            await channel.close()

    async def _end(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GIVE_UP_S)
        for task in self._tasks:
            task.cancel()
        try:
            await self._record()
        except DBAPIError:
            logger.warning("what was told last will be told again: the outbox cannot be written")
        await self._close_channels(but=())
        await asyncio.to_thread(self._ownership.release)
