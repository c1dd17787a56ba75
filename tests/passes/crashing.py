"""Kill -9 at random while passes are kept and told: nothing is lost, and nothing is there twice.

python -m tests.passes.crashing --passes 10000
python -m tests.passes.crashing --passes 10000 --postgresql
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from app.passes.notify import outbox
from app.passes.records import NewPass
from app.passes.store.database import open_database, postgresql_url, sqlite_url
from app.passes.store.store import FILE
from app.passes.store.tables import OUTBOX, PASSES
from tests.passes.made import made
from tests.passes.notifying import Notified
from tests.passes.postgres import binaries, postgresql
from tests.passes.receivers import Receiver, Reply, Request
from tests.servers import REPOSITORY, eventually

FAILING = 1 / 3
MOST_IN_A_LIFE = 300
LINGERING_S = 0.3
"""Longest that a process goes on once it has taken as many passes as it was to: it writes and tells
meanwhile."""
PATIENCE_S = 600


@dataclass(frozen=True)
class Outcome:
    """`kept` rows of so many passes, `told` those that the receiver has taken, with `ids` in all;
    `tries` is how many requests it got."""

    kills: int
    kept: int
    told: int
    ids: int
    tries: int


def numbered(number: int) -> NewPass:
    """A pass that is the same whoever makes it."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, str(number)).hex
    return replace(_EXAMPLE, id=name, event_id=name, plate=f"A{number:05}"[:6])


_EXAMPLE = made("ABC123")


def message_of(passing: NewPass) -> str:
    return outbox.message_id(f"{passing.event_id}.end", "hook")


def run(folder: Path, passes: int, *, database_url: str | None, seed: int) -> Outcome:
    """Add passes in processes that are killed, and check what is left in the end."""
    draw = random.Random(seed)
    taken: defaultdict[str, set[bytes]] = defaultdict(set)

    def reply(request: Request) -> Reply | None:
        if draw.random() < FAILING:
            return draw.choice((Reply(500), Reply(503), None))
        taken[request.id].add(request.body)
        return Reply()

    kills = 0
    with Receiver(reply) as receiver:
        done = 0
        while done < passes:
            with child(folder, receiver.url, done, passes, database_url) as process:
                last = done + draw.randint(1, min(MOST_IN_A_LIFE, passes // 3))
                killer = threading.Timer(draw.uniform(0, LINGERING_S), process.kill)
                done = _followed(process, killer, done, last)
                kills += process.wait() == -9
        with child(folder, receiver.url, passes, passes, database_url):
            assert eventually(lambda: len(taken) == passes, PATIENCE_S), len(taken)
            assert eventually(lambda: states(folder, database_url) == {"delivered": passes})
        tries = len(receiver.requests)
    assert {len(bodies) for bodies in taken.values()} == {1}, "one id tells of one pass"
    assert taken.keys() == {message_of(numbered(number)) for number in range(passes)}
    kept = ids_kept(folder, database_url)
    assert sorted(kept) == sorted(numbered(number).id for number in range(passes))
    return Outcome(kills, len(kept), len(taken), len(set(taken)), tries)


def _followed(process: subprocess.Popen[str], killer: threading.Timer, done: int, last: int) -> int:
    """How many passes were taken by the end of the process; the killer comes at the `last`."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.endswith("\n"):
            done = int(line) + 1
            if done == last:
                killer.start()
    return done


@contextmanager
def child(
    folder: Path, url: str, first: int, last: int, database_url: str | None
) -> Iterator[subprocess.Popen[str]]:
    arguments = [str(folder), url, str(first), str(last), database_url or ""]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.passes.crashing", "child", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def live(folder: Path, url: str, first: int, last: int, database_url: str | None) -> None:
    """The process that is killed: a number is printed once its pass is taken."""
    told = Notified(
        folder,
        f"targets:\n  hook:\n    url: {url}\n    parallel: 8\n",
        database_url=database_url,
    )
    for number in range(first, last):
        told.store.add(numbered(number))
        print(number, flush=True)  # noqa: T201
    if first < last:
        told.close()
    while first == last:  # what is left is told until somebody kills it
        time.sleep(60)


def _engine(folder: Path, database_url: str | None) -> sa.Engine:
    file = folder / "store" / FILE
    return open_database(sqlite_url(file) if database_url is None else postgresql_url(database_url))


def states(folder: Path, database_url: str | None) -> dict[str, int]:
    engine = _engine(folder, database_url)
    query = sa.select(OUTBOX.c.state, sa.func.count()).group_by(OUTBOX.c.state)
    with engine.connect() as connection:
        found = {row[0]: int(row[1]) for row in connection.execute(query)}
    engine.dispose()
    return found


def ids_kept(folder: Path, database_url: str | None) -> list[str]:
    engine = _engine(folder, database_url)
    with engine.connect() as connection:
        found = list(connection.execute(sa.select(PASSES.c.id)).scalars())
    engine.dispose()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = None
        if chosen.postgresql:
            programs = binaries()
            assert programs is not None, "no PostgreSQL here: apt-get install postgresql"
            url = stack.enter_context(postgresql(programs))
        print(run(folder, chosen.passes, database_url=url, seed=chosen.seed))  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        where, url, first, last, database = sys.argv[2:]
        live(Path(where), url, int(first), int(last), database or None)
    else:
        main()
