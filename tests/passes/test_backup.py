"""Backup and restore, in the commands that the README has."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.passes.conftest import StoreFactory
from tests.passes.made import WHO, everything, made, picture, put
from tests.servers import REPOSITORY

SECTION = "## Backup of passes"


def commands() -> list[str]:
    text = (REPOSITORY / "README.md").read_text()
    section = text[text.index(SECTION) :].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def run(command: str, **environment: str) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-euc", command], check=True, env=os.environ | environment | {"PATH": path}
    )


def test_sqlite(make_store: StoreFactory, tmp_path: Path) -> None:
    backup, restore, *_ = commands()
    (tmp_path / "backup").mkdir()
    places = {"ALPR_STORE_PATH": f"{tmp_path}/store", "BACKUP": f"{tmp_path}/backup"}
    store = make_store()
    kept = made("ABC123", frame=picture())
    put(store, kept)
    run(backup, **places)
    put(store, made("XYZ789"))
    store.close()
    shutil.rmtree(tmp_path / "store")
    run(restore, **places)
    again = make_store()
    assert [each.plate for each in everything(again)] == ["ABC123"]
    assert again.picture(kept.id, "frame", who=WHO).data == picture()


def test_postgresql(make_store: StoreFactory, empty_postgresql: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump here: apt-get install postgresql-client")
    *_, backup, restore = commands()
    places = {"ALPR_DATABASE_URL": empty_postgresql, "BACKUP": str(tmp_path)}
    store = make_store(database_url=empty_postgresql)
    put(store, made("ABC123"))
    run(backup, **places)
    put(store, made("XYZ789"))
    store.close()
    run(restore, **places)
    again = make_store(database_url=empty_postgresql)
    assert [each.plate for each in everything(again)] == ["ABC123"]
