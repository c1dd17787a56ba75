"""What can tell one target."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from app.passes.notify.ledger import Message
from app.passes.store.pictures import Picture

Pictures = Callable[[str], Awaitable[Picture | None]]
"""The picture of a pass, by its id, as long as it is kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target said. `status` is HTTP's, `error` why it is not delivered, in our own words;
    `retry_after`: seconds that it asks to be left alone; `gone`: it wants to be told no more."""

    delivered: bool
    status: int | None = None
    error: str | None = None
    retry_after: float = 0.0
    gone: bool = False


class Channel(Protocol):
    """To one target, in one event loop."""

    @property
    def parallel(self) -> int:
        """How many messages it takes at a time; 0 while it is not connected."""

    async def send(self, message: Message) -> Answer:
        """Tell it; failures are answers."""

    async def close(self) -> None: ...
