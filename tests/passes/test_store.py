"""What is put into the store comes out of it, whatever happens meanwhile."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import StoreUnavailable, UnknownPass
from app.passes.records import NewPass
from app.passes.store.backlog import Backlog, from_bytes, to_bytes
from app.passes.store.searching import PassFilter
from tests.passes.conftest import StoreFactory
from tests.passes.made import WHO, everything, made, picture, plates, put
from tests.servers import REPOSITORY, eventually


def test_a_pass_comes_back(make_store: StoreFactory, database: str | None) -> None:
    store = make_store(database_url=database)
    passing = made("ABC123", doubts={1: "8"}, crop=picture(), frame=picture())
    put(store, passing)
    kept = store.get(passing.id, who=WHO)
    assert (kept.plate, kept.camera, kept.source) == ("ABC123", "gate", "picture")
    assert (kept.at, kept.last_at, kept.format) == (passing.at, passing.last_at, "standard")
    assert kept.confidence == passing.confidence
    assert kept.detail["frames"] == 1
    assert kept.detail["candidates"][0]["plate"] == "ABC123"
    assert store.picture(passing.id, "crop", who=WHO).data == picture()
    assert store.picture(passing.id, "frame", who=WHO).data == picture()


def test_pictures_are_kept_as_asked(make_store: StoreFactory) -> None:
    store = make_store(store_pictures="crop")
    passing = made("ABC123", crop=picture(), frame=picture())
    put(store, passing)
    assert store.picture(passing.id, "crop", who=WHO).data
    with pytest.raises(UnknownPass):
        store.picture(passing.id, "frame", who=WHO)


def test_a_pass_that_comes_twice_is_kept_once(
    make_store: StoreFactory, database: str | None
) -> None:
    store = make_store(database_url=database)
    passing = made("ABC123")
    put(store, passing)
    put(store, passing, made("DEF456"))
    assert set(plates(store)) == {"ABC123", "DEF456"}
    assert len(plates(store)) == 2


@pytest.mark.parametrize("damage", [slice(0), slice(3), slice(40), slice(-1)])
def test_what_waits_damaged_is_set_aside(
    make_store: StoreFactory, tmp_path: Path, damage: slice
) -> None:
    waiting = tmp_path / "store" / "waiting"
    waiting.mkdir(parents=True)
    whole = to_bytes(made("ABC123", crop=picture()))
    assert from_bytes(whole).plate == "ABC123"
    (waiting / "1.pass").write_bytes(whole[damage])
    store = make_store()
    put(store, made("DEF456"))
    assert plates(store) == ["DEF456"]
    assert (waiting / "unreadable" / "1.pass").is_file()


def test_what_one_database_refuses_holds_nothing_up(
    make_store: StoreFactory, empty_postgresql: str
) -> None:
    store = make_store(database_url=empty_postgresql)
    store.add(replace(made("ABC123"), camera="a\0b"))  # PostgreSQL has no such text
    put(store, made("DEF456"))
    assert plates(store) == ["DEF456"]


def test_passes_wait_for_a_locked_file(make_store: StoreFactory, tmp_path: Path) -> None:
    store = make_store()
    locking = sqlite3.connect(tmp_path / "store" / "passes.sqlite3", isolation_level=None)
    locking.execute("BEGIN EXCLUSIVE")
    store.add(made("ABC123"))
    assert list((tmp_path / "store" / "waiting").glob("*.pass"))
    locking.execute("COMMIT")
    locking.close()
    assert eventually(lambda: plates(store) == ["ABC123"])
    assert eventually(lambda: not list((tmp_path / "store" / "waiting").glob("*.pass")))


def test_passes_wait_for_a_server_that_is_not_there(
    make_store: StoreFactory, tmp_path: Path, empty_postgresql: str
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        away = make_store(database_url=f"postgresql://nobody@127.0.0.1:{port}/none")
        passing = made("ABC123")
        away.add(passing)
        with pytest.raises(StoreUnavailable):
            away.find(PassFilter(), who=WHO)
    away.close()
    assert len(list((tmp_path / "store" / "waiting").glob("*.pass"))) == 1
    store = make_store(database_url=empty_postgresql)
    assert eventually(lambda: plates(store) == ["ABC123"])
    assert store.get(passing.id, who=WHO).plate == "ABC123"


def test_what_there_is_no_room_for_is_counted(make_store: StoreFactory) -> None:
    lost: list[int] = []
    store = make_store(store_backlog_bytes=1, lost=lambda: lost.append(1))
    store.add(made("ABC123"))
    store.add(made("DEF456"))
    assert len(lost) == 2
    store.close()


def test_a_full_disk_is_counted(make_store: StoreFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[int] = []
    store = make_store(lost=lambda: lost.append(1))

    def full(self: Backlog, passing: NewPass) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Backlog, "add", full)
    store.add(made("ABC123"))
    assert lost == [1]


ADDING = """
import itertools, os, sys
from app.config import Settings
from app.passes.store.store import PassStore
from tests.passes.made import made, prior

store = PassStore(Settings(), prior=prior)
for number in itertools.count():
    passing = made(f"ABC{number % 1000}")
    store.add(passing)
    os.write(1, f"{passing.id}\\n".encode())
"""


@pytest.mark.slow
def test_nothing_that_was_taken_is_lost_by_a_kill(
    make_store: StoreFactory, tmp_path: Path, database: str | None
) -> None:
    taken: list[str] = []
    environment = {**os.environ, "ALPR_STORE_PATH": str(tmp_path / "store")}
    if database is not None:
        environment["ALPR_DATABASE_URL"] = database
    for count in (30, 150):
        adding = subprocess.Popen(
            [sys.executable, "-c", ADDING], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE
        )
        assert adding.stdout is not None
        with adding.stdout as lines:
            for line in lines:
                taken.append(line.decode().strip())
                if len(taken) == count:
                    adding.send_signal(signal.SIGKILL)
        adding.wait()
    store = make_store(database_url=database)
    taken = [each for each in taken if len(each) == 32]
    assert eventually(lambda: set(taken) <= {each.id for each in everything(store)})
    found = [each.id for each in everything(store)]
    assert len(found) == len(set(found))


def test_processes_that_start_together(
    make_store: StoreFactory, tmp_path: Path, database: str | None
) -> None:
    start = (
        "import sys; from pathlib import Path; from app.config import Settings; "
        "from app.passes.store.store import PassStore; path, url = sys.argv[1:]; "
        "settings = Settings(store_path=Path(path), database_url=url or None); "
        "PassStore(settings, prior=lambda text, small_plate: 1.0).close()"
    )
    command = [sys.executable, "-c", start, str(tmp_path / "store"), database or ""]
    starting = [subprocess.Popen(command, cwd=REPOSITORY) for _ in range(3)]
    assert [process.wait() for process in starting] == [0, 0, 0]
    assert plates(make_store(database_url=database)) == []
