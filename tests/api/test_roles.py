"""What keys may do."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from app.config import Settings
from app.config.keys import ROLES, Role, parse_key
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.servers import ENDLESS

SECRETS: dict[Role, str] = {role: f"only-{role}" for role in sorted(ROLES)}
EVERYTHING = "everything-as-before"
NOWHERE = "00000000000000000000000000000000"
NEEDED: dict[tuple[str, str], Role | None] = {
    ("POST", "/predict/file"): "read",
    ("POST", "/predict/url"): "read",
    ("POST", "/predict/batch"): "read",
    ("POST", "/predict/video"): "read",
    ("POST", "/redact"): "read",
    ("GET", "/cameras"): "passes",
    ("GET", "/cameras/{name}"): "passes",
    ("GET", "/cameras/{name}/frame.jpg"): "passes",
    ("GET", "/passes/stream"): "passes",
    ("GET", "/passes"): "passes",
    ("GET", "/passes/export"): "passes",
    ("GET", "/passes/{pass_id}"): "passes",
    ("PUT", "/passes/{pass_id}/correction"): "passes",
    ("DELETE", "/passes/{pass_id}/correction"): "passes",
    ("GET", "/passes/{pass_id}/crop"): "passes",
    ("GET", "/passes/{pass_id}/frame"): "passes",
    ("GET", "/passes/audit"): "admin",
    ("DELETE", "/passes/{pass_id}"): "admin",
    ("DELETE", "/passes"): "admin",
    ("GET", "/settings"): None,
    ("GET", "/deliveries"): "admin",
    ("GET", "/deliveries/targets"): "admin",
    ("POST", "/deliveries/targets/{target}/test"): "admin",
    ("POST", "/deliveries/targets/{target}/disable"): "admin",
    ("POST", "/deliveries/targets/{target}/enable"): "admin",
    ("POST", "/deliveries/targets/{target}/replay"): "admin",
    ("POST", "/deliveries/{delivery_id}/replay"): "admin",
    ("GET", "/gates"): "passes",
    ("GET", "/gates/decisions"): "passes",
    ("GET", "/lists"): "lists",
    ("POST", "/lists"): "lists",
    ("GET", "/lists/{name}"): "lists",
    ("PUT", "/lists/{name}"): "lists",
    ("DELETE", "/lists/{name}"): "lists",
    ("GET", "/lists/{name}/entries"): "lists",
    ("POST", "/lists/{name}/entries"): "lists",
    ("GET", "/lists/{name}/entries/{number}"): "lists",
    ("PUT", "/lists/{name}/entries/{number}"): "lists",
    ("DELETE", "/lists/{name}/entries/{number}"): "lists",
    ("POST", "/lists/{name}/import"): "lists",
    ("GET", "/lists/{name}/export"): "lists",
}
COMPATIBLE = ("/v1/plate-reader/", "/v1/vision/alpr", "/v1/recognize")


@pytest.fixture
def guarded(make_client: ClientFactory, tmp_path: Path) -> TestClient:
    keys = [f"{secret} name={role}-key roles={role}" for role, secret in SECRETS.items()]
    targets, gates = tmp_path / "targets.yml", tmp_path / "gates.yml"
    targets.write_text("")
    gates.write_text("")
    return make_client(
        auth="on",
        api_keys=(EVERYTHING, *keys),
        store="on",
        store_path=tmp_path / "store",
        notify_file=targets,
        gates_file=gates,
    )


def ask(client: TestClient, method: str, path: str, key: str) -> Any:
    if path in ENDLESS:
        method = "HEAD"
    path = path.format(
        pass_id=NOWHERE, name="gate", number=1, target="none", delivery_id=f"msg_{NOWHERE}"
    )
    return client.request(method, path, headers={"X-API-Key": key})


def test_each_route_needs_its_role(guarded: TestClient) -> None:
    for (method, path), needed in NEEDED.items():
        for role, key in SECRETS.items():
            answer = ask(guarded, method, path, key)
            allowed = needed in (None, role) or role == "admin"
            assert (answer.status_code != 403) == allowed, (method, path, role)
            if not allowed and path not in ENDLESS:
                assert_error(answer, 403, "forbidden")
        assert ask(guarded, method, path, EVERYTHING).status_code not in (401, 403)
        assert ask(guarded, method, path, "wrong").status_code == 401


def test_no_route_is_forgotten(guarded: TestClient) -> None:
    """A route that is new either is open on purpose, or is among those tried here."""
    opened = {"/", "/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs"}
    app: Any = guarded.app
    documented = {
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path not in opened
    }
    assert documented == set(NEEDED)


@pytest.mark.parametrize("path", COMPATIBLE)
def test_other_apis_need_the_role_of_readers(guarded: TestClient, path: str) -> None:
    def status(key: str) -> int:
        answer = guarded.post(path, headers={"Authorization": f"Token {key}"})
        body = answer.json()
        return int(body.get("error_code") or body.get("status_code") or body.get("code") or 0)

    refused = guarded.post(path, headers={"Authorization": f"Token {SECRETS['passes']}"})
    assert "role" in refused.text
    let_in = guarded.post(path, headers={"Authorization": f"Token {SECRETS['read']}"})
    assert "role" not in let_in.text
    assert status(SECRETS["passes"]) in (403, 500)


def test_the_audit_names_keys(guarded: TestClient) -> None:
    for key in (EVERYTHING, SECRETS["passes"]):
        assert ask(guarded, "GET", "/passes", key).status_code == 200
    lines = ask(guarded, "GET", "/passes/audit", SECRETS["admin"]).json()["lines"]
    assert lines[0]["who"] == "passes-key"
    assert lines[1]["who"].startswith("key-")


@pytest.mark.parametrize(
    ("text", "name", "roles"),
    [
        ("KEY", None, ROLES),
        ("KEY roles=read", None, {"read"}),
        ("KEY name=gate roles=passes+lists", "gate", {"passes", "lists"}),
        ("KEY roles=admin name=a.b-c_1", "a.b-c_1", {"admin"}),
        ("KEY name=ops", "ops", ROLES),
    ],
)
def test_how_keys_are_written(text: str, name: str | None, roles: frozenset[Role]) -> None:
    key = parse_key(text)
    assert (key.secret.get_secret_value(), key.name, key.roles) == ("KEY", name, roles)


@pytest.mark.parametrize("text", ["c2VjcmV0==", "a=b", "two words", "one a=b three"])
def test_keys_of_before_stay_whole(text: str) -> None:
    key = parse_key(text)
    assert (key.secret.get_secret_value(), key.roles) == (text, ROLES)


@pytest.mark.parametrize(
    "options", ["roles=read+write", "roles=", "role=read", "name=", "name=a/b", f"name={'x' * 41}"]
)
def test_options_that_are_none(options: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(api_keys=(f"SECRET-KEY {options}",))
    assert "SECRET" not in str(refused.value)
    file = tmp_path / "keys"
    file.write_text(f"first\nSECRET-KEY {options}\n")
    with pytest.raises(OSError, match=r"keys:2: ") as refused_file:
        Settings(api_keys_file=file).keys()
    assert "SECRET" not in str(refused_file.value)
