"""`/lists`: plates that are expected, looked for, or left alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.servers import eventually

KEY = "manager-of-the-tests"
AUTH = {"X-API-Key": KEY}
RESIDENTS = {"name": "residents", "kind": "allow", "description": "Who lives here"}


@pytest.fixture
def client(make_client: ClientFactory, tmp_path: Path) -> TestClient:
    return make_client(
        store="on",
        store_path=tmp_path / "store",
        auth="on",
        api_keys=(f"{KEY} name=office roles=admin",),
    )


def sent(client: TestClient, method: str, path: str, **more: Any) -> Any:
    response = client.request(method, path, headers=AUTH, **more)
    assert response.is_success, response.text
    return response.json() if response.content else None


def test_from_an_empty_list_to_none(client: TestClient) -> None:
    assert sent(client, "GET", "/lists") == {"lists": []}
    made = sent(client, "POST", "/lists", json=RESIDENTS)
    assert made.pop("created_at")
    assert made == RESIDENTS | {
        "time_zone": "Pacific/Auckland",
        "min_probability": 0.5,
        "entries": 0,
    }
    changed = {"kind": "watch", "min_probability": 0.2}
    assert sent(client, "PUT", "/lists/residents", json=changed)["min_probability"] == 0.2
    entry = {"plate": "abc 123", "owner": "Jo", "valid_until": "2027-01-01T00:00:00+13:00"}
    added = sent(client, "POST", "/lists/residents/entries", json=entry)
    assert (added["plate"], added["valid_until"]) == ("ABC123", "2026-12-31T11:00:00Z")
    path = f"/lists/residents/entries/{added['id']}"
    assert sent(client, "GET", path) == added
    assert sent(client, "PUT", path, json={"plate": "ABC124"})["owner"] == ""
    (listed,) = sent(client, "GET", "/lists/residents/entries?plate=a")["entries"]
    assert listed["plate"] == "ABC124"
    assert sent(client, "GET", "/lists/residents")["entries"] == 1
    sent(client, "DELETE", path)
    assert_error(client.get(path, headers=AUTH), 404, "unknown_entry")
    sent(client, "DELETE", "/lists/residents")
    assert_error(client.get("/lists/residents", headers=AUTH), 404, "unknown_list")
    lines = sent(client, "GET", "/passes/audit?limit=500")["lines"]
    assert {line["who"] for line in lines} == {"office"}


def test_what_there_is_already(client: TestClient) -> None:
    sent(client, "POST", "/lists", json=RESIDENTS)
    assert_error(client.post("/lists", json=RESIDENTS, headers=AUTH), 409, "already_listed")
    path, entry = "/lists/residents/entries", {"plate": "ABC123"}
    sent(client, "POST", path, json=entry)
    assert_error(client.post(path, json=entry, headers=AUTH), 409, "already_listed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/lists", {"kind": "allow"}),
        ("/lists", {"name": "a/b", "kind": "allow"}),
        ("/lists", {"name": "a", "kind": "like"}),
        ("/lists", {"name": "a", "kind": "allow", "time_zone": "Mars"}),
        ("/lists/residents/entries", {}),
        ("/lists/residents/entries", {"plate": "<b>"}),
        ("/lists/residents/entries", {"plate": "ABC123", "hours": "noon"}),
        ("/lists/residents/entries", {"plate": "ABC123", "notes": "x" * 2001}),
        ("/lists/residents/entries", {"plate": "ABC123", "owner": "\ud800"}),
    ],
)
def test_what_is_refused(client: TestClient, path: str, body: dict[str, Any]) -> None:
    sent(client, "POST", "/lists", json=RESIDENTS)
    answer = client.post(path, content=json.dumps(body).encode(), headers=AUTH)
    assert_error(answer, 422, "invalid_request")
    assert "ABC123" not in answer.text


@pytest.mark.parametrize("as_form", [False, True])
def test_a_file_goes_in_and_comes_out(client: TestClient, as_form: bool) -> None:
    sent(client, "POST", "/lists", json=RESIDENTS)
    text = "plate,owner,colour\nABC123,=Jo,red\nDEF456,,blue\n"
    body: dict[str, Any] = {"files": {"file": ("cars.csv", text)}} if as_form else {"content": text}
    done = sent(client, "POST", "/lists/residents/import?mode=replace", **body)
    assert done == {
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
        "ignored_columns": ["colour"],
    }
    table = client.get("/lists/residents/export", headers=AUTH)
    assert table.headers["content-type"].startswith("text/csv")
    again = sent(client, "POST", "/lists/residents/import?mode=replace", content=table.text)
    assert (again["unchanged"], again["removed"]) == (2, 0)
    known = client.get("/lists/residents/export?form=frigate", headers=AUTH).text
    sent(client, "POST", "/lists/residents/import?form=frigate", content=known)


def test_a_file_with_a_fault_changes_nothing(client: TestClient) -> None:
    sent(client, "POST", "/lists", json=RESIDENTS)
    refused = client.post(
        "/lists/residents/import", content="plate,hours\nABC123,\nABC124,noon\n", headers=AUTH
    )
    assert_error(refused, 422, "invalid_request")
    assert "line 3: hours" in refused.json()["detail"]
    assert sent(client, "GET", "/lists/residents")["entries"] == 0
    big = client.post("/lists/residents/import", content=bytes(10_000_001), headers=AUTH)
    assert_error(big, 413, "too_large")


def test_no_lists_where_there_are_no_plates(make_client: ClientFactory, tmp_path: Path) -> None:
    assert_error(make_client().get("/lists"), 404, "not_found")
    hashed = make_client(
        store="on",
        store_path=tmp_path / "store",
        store_plates="hashed",
        store_hash_key="0123456789abcdef",
    )
    assert_error(hashed.get("/lists"), 404, "not_found")


def test_a_picture_of_a_camera_is_matched(client: TestClient, car_jpeg: bytes) -> None:
    sent(client, "POST", "/lists", json={"name": "stolen", "kind": "watch"})
    sent(client, "POST", "/lists/stolen/entries", json={"plate": "ABC123", "owner": "Police"})
    for camera in ("gate", "other"):
        answer = client.post(
            "/predict/file",
            params={"camera": camera},
            content=car_jpeg,
            headers=AUTH | {"Content-Type": "image/jpeg"},
        )
        assert answer.status_code == 200

    def found(**query: str) -> list[dict[str, Any]]:
        passes: list[dict[str, Any]] = sent(client, "GET", "/passes", params=query)["passes"]
        return passes

    assert eventually(lambda: len(found(list="stolen")) == 2)
    passing, _ = found(list="stolen")
    (match,) = passing["matches"]
    assert match.pop("probability") > 0.9
    assert match == {
        "list": "stolen",
        "kind": "watch",
        "number": 1,
        "entry": "ABC123",
        "owner": "Police",
        "exact": True,
    }
    assert passing["plate"] == "ABC123"
    assert len(found(list="stolen", camera="gate")) == 1
    assert found(list="none") == []
    table = client.get("/passes/export", params={"list": "stolen"}, headers=AUTH).text
    assert "stolen" in table.splitlines()[1]
    metrics = Samples(client.get("/metrics").text)
    assert metrics.value("alpr_list_matches_total", kind="watch") == 2
