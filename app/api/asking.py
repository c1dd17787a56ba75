"""Questions to the store of passes."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from app.api.service import Service

if TYPE_CHECKING:
    from app.passes.store.store import PassStore

Answer = TypeVar("Answer")


async def asked(service: Service, ask: "Callable[[PassStore], Answer]") -> Answer:
    """What the store says, on a thread: few at a time, for they share the processors with readers.

    Raises Overloaded, and what the store raises.
    """
    store = service.store
    assert store is not None, "these routes are there only with a store"
    with service.searches.admit():
        return await asyncio.to_thread(ask, store)
