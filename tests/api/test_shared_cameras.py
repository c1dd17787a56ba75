"""Two services that know the same cameras, and a PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.passes.store.database import open_database, postgresql_url
from app.passes.store.tables import CAMERA_LEASES
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.servers import eventually
from tests.video.cameras import MjpegCamera, greys

BOUND_S = 60.0


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        lines = ["cameras:"]
        for name in ("gate", "yard"):
            camera = stack.enter_context(MjpegCamera(greys(4), fps=5))
            lines += [f"  {name}:", f"    source: {camera.url}"]
        path = tmp_path / "cameras.yml"
        path.write_text("\n".join(lines) + "\n")
        yield path


@pytest.fixture
def join(
    make_client: ClientFactory, empty_postgresql: str, tmp_path: Path, file: Path
) -> Callable[[str], TestClient]:
    def join(machine: str) -> TestClient:
        return make_client(
            store="on",
            store_path=tmp_path / machine,
            database_url=empty_postgresql,
            cameras_file=file,
            url_private_hosts=("127.0.0.1",),
        )

    return join


def cameras(client: TestClient) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in client.get("/cameras").json()["cameras"]}


def live(client: TestClient) -> set[str]:
    return {name for name, each in cameras(client).items() if each["state"] == "live"}


def take_away(url: str, owner: str) -> None:
    """As if that process had been stopped for long, and another had its cameras and died."""
    engine = open_database(postgresql_url(url))
    leases = CAMERA_LEASES
    with engine.begin() as connection:
        connection.execute(
            sa.update(leases)
            .where(leases.c.owner == owner)
            .values(owner="dead", epoch=leases.c.epoch + 1, until=0)
        )
    engine.dispose()


def test_each_camera_has_one_owner(
    join: Callable[[str], TestClient], empty_postgresql: str
) -> None:
    one = join("one")
    assert eventually(lambda: live(one) == {"gate", "yard"}, BOUND_S)
    two = join("two")
    assert eventually(lambda: cameras(two)["gate"]["state"] == "elsewhere", BOUND_S)
    owner = cameras(one)["gate"]["owner"]
    assert {each["owner"] for each in cameras(two).values()} == {owner}
    assert two.get("/cameras/gate").json()["frames"] == 0
    assert_error(two.get("/cameras/gate/frame.jpg"), 503, "camera_elsewhere")
    assert_error(two.get("/cameras/none"), 404, "unknown_camera")
    assert two.get("/health").json()["cameras"] == [
        {"name": name, "state": "elsewhere"} for name in ("gate", "yard")
    ]
    assert two.get("/health/ready").status_code == 200
    owned = [Samples(client.get("/metrics").text) for client in (one, two)]
    assert [each.value("alpr_camera_owned", camera="gate") for each in owned] == [1, 0]

    take_away(empty_postgresql, owner)
    assert eventually(lambda: len(live(one)) == 1 and len(live(two)) == 1, BOUND_S)
    assert live(one) != live(two)
    one.__exit__(None, None, None)
    assert eventually(lambda: live(two) == {"gate", "yard"}, BOUND_S)


def test_the_database_is_away_for_a_while(
    join: Callable[[str], TestClient], file: Path, empty_postgresql: str
) -> None:
    """Who watches goes on, and what is changed in the file counts."""
    client = join("one")
    assert eventually(lambda: live(client) == {"gate", "yard"}, BOUND_S)
    engine = open_database(postgresql_url(empty_postgresql))
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE camera_members RENAME TO away"))
    frames = cameras(client)["gate"]["frames"]
    assert eventually(lambda: cameras(client)["gate"]["frames"] > frames + 5, BOUND_S)
    file.write_text(file.read_text().partition("  yard:")[0])
    assert eventually(lambda: live(client) == {"gate"}, BOUND_S)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO camera_members"))
    engine.dispose()
    assert live(client) == {"gate"}
