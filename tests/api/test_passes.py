"""The stream of passes: replay, bounds, and clients that are slow."""

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest

from app.api import passes
from app.api.passes import PassStream, StreamEvent

Item = StreamEvent | int | None


def texts(items: list[Item]) -> list[str | int | None]:
    return [item.data if isinstance(item, StreamEvent) else item for item in items]


async def take(events: AsyncGenerator[Item, None], count: int) -> list[Item]:
    return [await asyncio.wait_for(anext(events), 30) for _ in range(count)]


async def somebody_waits(stream: PassStream) -> None:
    while not stream._waiting:
        await asyncio.sleep(0)


def published(stream: PassStream, first: int, last: int) -> None:
    for number in range(first, last + 1):
        stream.publish("new", "gate", str(number))


def test_new_events_and_those_after_an_id() -> None:
    async def scenario() -> None:
        stream = PassStream(100)
        published(stream, 1, 3)
        events = stream.follow(None)
        waiting = asyncio.create_task(take(events, 2))
        await somebody_waits(stream)
        threading.Thread(target=published, args=(stream, 4, 5)).start()
        got = await waiting
        assert texts(got) == ["4", "5"]
        assert isinstance(got[0], StreamEvent)
        assert texts(await take(stream.follow(got[0].id), 1)) == ["5"]
        await events.aclose()

    asyncio.run(scenario())


def test_who_was_away_for_long_hears_what_is_missed() -> None:
    async def scenario() -> None:
        stream = PassStream(10)
        published(stream, 1, 5)
        first = (await take(stream.follow("another-run-7"), 1))[0]
        assert isinstance(first, StreamEvent)
        assert first.data == "1"
        published(stream, 6, 14)
        assert texts(await take(stream.follow(first.id), 3)) == [3, "5", "6"]

    asyncio.run(scenario())


def test_a_slow_client_costs_nothing_and_hears_of_it() -> None:
    async def scenario() -> None:
        stream = PassStream(10)
        events = stream.follow("")
        published(stream, 1, 1)
        assert texts(await take(events, 1)) == ["1"]
        published(stream, 2, 500)
        got = texts(await take(events, 11))
        assert got == [489, *(str(number) for number in range(491, 501))]

    asyncio.run(scenario())


@pytest.mark.parametrize("last_id", ["", "x", "-", "9-9-9", "a" * 64, "-1"])
def test_ids_that_are_none_give_all_that_is_kept(last_id: str) -> None:
    async def scenario() -> None:
        stream = PassStream(10)
        published(stream, 1, 3)
        assert texts(await take(stream.follow(last_id), 3)) == ["1", "2", "3"]

    asyncio.run(scenario())


def test_an_id_of_the_future_is_the_present() -> None:
    async def scenario() -> None:
        stream = PassStream(10)
        published(stream, 1, 1)
        before = stream.follow("")
        (event,) = await take(before, 1)
        await before.aclose()
        assert isinstance(event, StreamEvent)
        events = stream.follow(event.id + "999")
        waiting = asyncio.create_task(take(events, 1))
        await somebody_waits(stream)
        published(stream, 2, 2)
        assert texts(await waiting) == ["2"]

    asyncio.run(scenario())


def test_silence_and_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "PING_S", 0.01)

    async def scenario() -> None:
        stream = PassStream(10)
        events = stream.follow(None)
        assert texts(await take(events, 2)) == [None, None]
        stream.close()
        rest = [item async for item in events]
        assert rest in ([], [None])
        assert not stream._waiting

    asyncio.run(scenario())
