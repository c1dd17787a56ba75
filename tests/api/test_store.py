"""`/passes`: what is read is kept and found again, with real networks."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from starlette.testclient import TestClient

from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.documented import try_operations
from tests.api.exposition import Samples
from tests.api.test_video import passing_car
from tests.servers import REPOSITORY, Server, eventually
from tests.video.cameras import MjpegCamera
from tests.video.clips import write_clip
from tests.video.test_cameras import car_jpegs

KEYS = ("first-of-the-tests", "second-of-the-tests")
AUTH = {"X-API-Key": KEYS[0]}
NOWHERE = "00000000000000000000000000000000"


def found(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    response = client.get("/passes", params=query, headers=AUTH)
    assert response.status_code == 200, response.text
    passes: list[dict[str, Any]] = response.json()["passes"]
    return passes


def wait_for(client: TestClient, count: int, **query: Any) -> list[dict[str, Any]]:
    assert eventually(lambda: len(found(client, **query)) == count)
    return found(client, **query)


@pytest.fixture
def kept(make_client: ClientFactory, tmp_path: Path) -> TestClient:
    """An application with a store."""
    return make_client(store="on", store_path=tmp_path / "store", auth="on", api_keys=KEYS)


def test_a_picture_of_a_camera_is_a_pass(kept: TestClient, car_jpeg: bytes) -> None:
    query = {"camera": "gate", "at": "2026-11-27T12:00:00+13:00"}
    answer = kept.post("/predict/file", params=query, content=car_jpeg, headers=AUTH | JPEG)
    assert answer.status_code == 200
    assert answer.json()["plates"][0]["crop"] is None
    (passing,) = wait_for(kept, 1)
    assert (passing["plate"], passing["camera"], passing["source"]) == ("ABC123", "gate", "picture")
    assert passing["at"] == "2026-11-26T23:00:00Z"
    assert passing["request_id"] == answer.headers["X-Request-ID"]
    assert passing["validation"]["format"] == passing["format"] == "standard"
    assert passing["bbox"] == answer.json()["plates"][0]["bbox"]
    shown = kept.get(f"/passes/{passing['id']}", headers=AUTH)
    assert shown.json() == passing
    frame = kept.get(passing["frame"], headers=AUTH)
    assert (frame.content, frame.headers["content-type"]) == (car_jpeg, "image/jpeg")
    crop = kept.get(passing["crop"], headers=AUTH)
    assert crop.content.startswith(b"\xff\xd8")
    (near,) = found(kept, plate="A8C123", match="fuzzy", min_probability=0)
    assert 0 <= near["probability"] < found(kept, plate="ABC123", match="fuzzy")[0]["probability"]
    assert Samples(kept.get("/metrics").text).value("alpr_passes_stored_total") == 1


def test_corrections(kept: TestClient, car_jpeg: bytes) -> None:
    kept.post("/predict/file", params={"camera": "gate"}, content=car_jpeg, headers=AUTH | JPEG)
    (passing,) = wait_for(kept, 1)
    place = f"/passes/{passing['id']}/correction"
    corrected = kept.put(place, json={"plate": "abc 124"}, headers=AUTH).json()
    assert corrected["correction"]["plate"] == "ABC124"
    assert corrected == passing | {"correction": corrected["correction"]}
    assert found(kept, corrected=True) == found(kept, plate="ABC124") == [corrected]
    table = kept.get("/passes/export", headers=AUTH).text.splitlines()
    assert ",ABC124," in table[1]
    labelled = kept.get("/passes/export", params={"form": "labelled"}, headers=AUTH)
    assert labelled.headers["content-type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(labelled.content)).namelist()
    assert names == [f"{passing['id']}.jpg", "labels.csv"]
    assert_error(kept.put(place, json={"plate": "?"}, headers=AUTH), 422, "invalid_request")
    assert kept.delete(place, headers=AUTH).json() == passing
    gone = place.replace(passing["id"], "0" * 32)
    assert_error(kept.put(gone, json={"plate": "A"}, headers=AUTH), 404, "unknown_pass")


JPEG = {"Content-Type": "image/jpeg"}


def test_a_picture_of_no_camera_is_none(kept: TestClient, car_jpeg: bytes) -> None:
    kept.post("/predict/file", content=car_jpeg, headers=AUTH | JPEG)
    kept.post("/predict/file", params={"camera": "c"}, content=car_jpeg, headers=AUTH | JPEG)
    assert [each["camera"] for each in wait_for(kept, 1)] == ["c"]


def test_other_apis_name_their_cameras(kept: TestClient, car_jpeg: bytes) -> None:
    answer = kept.post(
        "/v1/plate-reader/",
        files={"upload": car_jpeg},
        data={"camera_id": "g\x07ate"},
        headers={"Authorization": f"Token {KEYS[0]}"},
    )
    assert answer.status_code == 200
    assert [each["camera"] for each in wait_for(kept, 1)] == ["gate"]


def test_each_picture_of_a_batch_is_a_pass(kept: TestClient, car_jpeg: bytes) -> None:
    files = [("files", ("a.jpg", car_jpeg)), ("files", ("b.jpg", b"no picture"))] * 2
    query: dict[str, str | bool] = {"camera": "gate", "crops": True}
    answer = kept.post("/predict/batch", params=query, files=files, headers=AUTH)
    assert [item["error"] is None for item in answer.json()["results"]] == [True, False] * 2
    assert answer.json()["results"][0]["result"]["plates"][0]["crop"]
    assert len({each["id"] for each in wait_for(kept, 2)}) == 2


def test_passes_of_a_video(kept: TestClient, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "car.avi", passing_car("ABC123", 8, fps=5), 5)
    answer = kept.post(
        "/predict/video",
        params={"camera": "gate", "at": "2026-11-27T00:00:00Z"},
        content=clip.read_bytes(),
        headers=AUTH | {"Content-Type": "video/x-msvideo"},
    )
    (told,) = answer.json()["passes"]
    (passing,) = wait_for(kept, 1)
    assert (passing["id"], passing["source"], passing["camera"]) == (told["id"], "video", "gate")
    assert passing["at"] == "2026-11-27T00:00:00Z"
    assert passing["last_at"] == "2026-11-27T00:00:01.400000Z"
    for name in (
        "plate",
        "confidence",
        "candidates",
        "reads",
        "agreeing",
        "raw_reads",
        "direction",
    ):
        assert passing[name] == told[name]
    assert kept.get(passing["frame"], headers=AUTH).content.startswith(b"\xff\xd8")


def test_passes_of_a_camera(make_client: ClientFactory, tmp_path: Path) -> None:
    file = tmp_path / "cameras.yml"
    with MjpegCamera(car_jpegs("ABC123"), fps=5) as camera:
        file.write_text(f"cameras:\n  gate:\n    source: {camera.url}\n")
        client = make_client(
            store="on",
            store_path=tmp_path / "store",
            cameras_file=file,
            url_private_hosts=("127.0.0.1",),
        )
        assert eventually(lambda: found(client) != [], seconds=120)
    passing = found(client)[-1]
    assert (passing["plate"], passing["camera"], passing["source"]) == ("ABC123", "gate", "camera")
    assert passing["reads"] > 1
    assert passing["at"] < passing["last_at"]


def test_export(kept: TestClient, car_jpeg: bytes) -> None:
    for camera in ("=1+1", "gate"):
        query = {"camera": camera}
        kept.post("/predict/file", params=query, content=car_jpeg, headers=AUTH | JPEG)
    passes = wait_for(kept, 2)
    table = kept.get("/passes/export", headers=AUTH)
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["id"] for row in rows] == [each["id"] for each in passes]
    assert [row["camera"] for row in rows] == ["gate", "'=1+1"]
    query = {"form": "jsonl", "camera": "gate"}
    lines = kept.get("/passes/export", params=query, headers=AUTH).text.splitlines()
    assert [json.loads(line) for line in lines] == [passes[0]]


def test_delete_and_erase(kept: TestClient, car_jpeg: bytes) -> None:
    for camera in ("a", "b", "c"):
        query = {"camera": camera}
        kept.post("/predict/file", params=query, content=car_jpeg, headers=AUTH | JPEG)
    first = wait_for(kept, 3)[0]
    assert kept.delete(f"/passes/{first['id']}", headers=AUTH).status_code == 204
    assert_error(kept.get(f"/passes/{first['id']}", headers=AUTH), 404, "unknown_pass")
    assert_error(kept.delete(f"/passes/{first['id']}", headers=AUTH), 404, "unknown_pass")
    assert_error(kept.get(first["crop"], headers=AUTH), 404, "unknown_pass")
    assert kept.delete("/passes", params={"plate": "abc 123"}, headers=AUTH).json() == {"erased": 2}
    assert found(kept) == []


def test_who_searched(kept: TestClient) -> None:
    for key in KEYS:
        kept.get("/passes", params={"plate": "ABC123"}, headers={"X-API-Key": key})
    lines = kept.get("/passes/audit", headers=AUTH).json()["lines"]
    assert [line["plate"] for line in lines] == ["ABC123", "ABC123"]
    assert len({line["who"] for line in lines}) == 2
    assert not any(key in json.dumps(lines) for key in KEYS)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/passes"),
        ("DELETE", "/passes?plate=ABC123"),
        ("GET", "/passes/export"),
        ("GET", "/passes/audit"),
        ("GET", f"/passes/{NOWHERE}"),
        ("DELETE", f"/passes/{NOWHERE}"),
        ("GET", f"/passes/{NOWHERE}/crop"),
        ("GET", f"/passes/{NOWHERE}/frame"),
    ],
)
def test_without_a_right_key(kept: TestClient, method: str, path: str) -> None:
    for headers in ({}, {"X-API-Key": "wrong"}):
        assert_error(kept.request(method, path, headers=headers), 401, "unauthorized")


@pytest.mark.parametrize(
    "query",
    [
        {"plate": "AB*"},
        {"plate": "<script>"},
        {"match": "sounds-like"},
        {"cursor": "x"},
        {"limit": 0},
        {"limit": 501},
        {"since": "2026-11-27T12:00:00"},
        {"min_confidence": 2},
        {"camera": "a\0b"},
        {"format": "a\0b"},
        {"nonsense": 1},
    ],
)
def test_questions_that_are_none(kept: TestClient, query: dict[str, Any]) -> None:
    assert_error(kept.get("/passes", params=query, headers=AUTH), 422, "invalid_request")


def test_nothing_is_kept_of_the_future(kept: TestClient, car_jpeg: bytes) -> None:
    query = {"camera": "gate", "at": "2999-01-01T00:00:00Z"}
    answer = kept.post("/predict/file", params=query, content=car_jpeg, headers=AUTH | JPEG)
    assert_error(answer, 422, "invalid_request")


def test_without_the_database_pictures_are_read(
    make_client: ClientFactory, tmp_path: Path, car_jpeg: bytes
) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    client = make_client(store="on", store_path=tmp_path, database_url=url)
    answer = client.post("/predict/file", params={"camera": "c"}, content=car_jpeg, headers=JPEG)
    assert answer.json()["plate"] == "ABC123"
    refused = client.get("/passes")
    assert_error(refused, 503, "store_unavailable")
    assert refused.headers["Retry-After"]
    assert len(list((tmp_path / "waiting").glob("*.pass"))) == 1


HEAVY = [
    *("sqlalchemy", "alembic", "app.passes.notify", "standardwebhooks", "aiomqtt", "boto3"),
    *("opentelemetry.sdk", "opentelemetry.exporter", "app.api.tracing.tracing"),
]


def test_switched_off_it_costs_nothing(client: TestClient) -> None:
    assert_error(client.get("/passes"), 404, "not_found")
    loaded = f"import sys, app.main; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", loaded], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def keeping(
    light_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("kept")
    environment = {"ALPR_AUTH": "off", "ALPR_STORE": "on", "ALPR_STORE_PATH": str(folder / "store")}
    with Server(light_environment | environment) as server:
        yield server


@pytest.mark.parametrize("examples", [5, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_documented(keeping: Server, mode: GenerationMode, examples: int) -> None:
    schema = schemathesis.openapi.from_url(f"{keeping.url}/openapi.json", timeout=120)
    chosen = schema.include(path_regex="^/(passes(?!/stream)|lists)")
    operations = [result.ok() for result in chosen.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) == 10 + 12
    assert try_operations(operations, mode, examples=examples) > 0
