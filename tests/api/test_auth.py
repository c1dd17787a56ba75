"""Who may ask."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.api.service import Service
from app.config import Settings
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory

ROUTES = ("/predict/file", "/predict/url", "/predict/batch")
FIRST, SECOND = "first-of-the-tests", "second-of-the-tests"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("key", [None, "", "wrong", FIRST[:-1], FIRST + "x", "é", "x" * 5000])
def test_without_a_right_key(make_client: ClientFactory, route: str, key: str | None) -> None:
    client = make_client(auth="on", api_keys=(FIRST, SECOND))
    headers = {} if key is None else {b"X-API-Key": key.encode()}
    response = client.post(f"{route}?nonsense=1", headers=headers)
    assert_error(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"]
    assert FIRST not in response.text


@pytest.mark.parametrize("key", [FIRST, SECOND])
def test_each_key_opens(make_client: ClientFactory, key: str, car_jpeg: bytes) -> None:
    client = make_client(auth="on", api_keys=(FIRST, SECOND))
    response = client.post("/predict/file", files={"file": car_jpeg}, headers={"X-API-Key": key})
    assert response.status_code == 200


def test_keys_from_a_file(make_client: ClientFactory, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{FIRST}\n\n  {SECOND}  \n")
    client = make_client(auth="on", api_keys=(), api_keys_file=file)
    for key in (FIRST, SECOND):
        answer = client.post("/predict/url", headers={"X-API-Key": key}, json={})
        assert_error(answer, 422, "invalid_request")
    assert_error(client.post("/predict/url", headers={"X-API-Key": ""}), 401, "unauthorized")


def test_a_missing_key_file_stops_the_start(make_client: ClientFactory, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_client(auth="on", api_keys_file=tmp_path / "nothing")


@pytest.mark.parametrize("name", ["ALPR_API_KEYS", "API_KEY"])
def test_keys_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, f" {FIRST}, {SECOND},")
    settings = Settings()
    accepted = settings.keys()
    assert [key.secret.get_secret_value() for key in accepted] == [FIRST, SECOND]
    assert FIRST not in repr(settings)


def test_a_drawn_key_is_shown_once(
    make_client: ClientFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_client(auth="on", log_level="ERROR")
    shown = capsys.readouterr()
    (line,) = [line for line in (shown.err + shown.out).splitlines() if "X-API-Key" in line]
    key = line.split()[-1]
    assert len(key) >= 32
    answer = client.post("/predict/url", headers={"X-API-Key": key}, json={})
    assert_error(answer, 422, "invalid_request")
    assert_error(client.post("/predict/url", json={}), 401, "unauthorized")
    assert key not in capsys.readouterr().err


def test_two_starts_draw_two_keys(
    make_client: ClientFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        make_client(auth="on")
    shown = capsys.readouterr()
    keys = [
        line.split()[-1] for line in (shown.err + shown.out).splitlines() if "X-API-Key" in line
    ]
    assert len(set(keys)) == 2


def test_off_lets_everybody_in_and_warns(
    make_client: ClientFactory, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(auth="off", api_keys=(FIRST,))
    assert "authentication is off" in caplog.text
    assert_error(client.post("/predict/url", json={}), 422, "invalid_request")


@pytest.mark.parametrize(
    "path", ["/", "/health", "/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json"]
)
def test_what_stays_open(make_client: ClientFactory, path: str) -> None:
    client = make_client(auth="on", api_keys=(FIRST,))
    assert client.get(path).status_code == 200


def test_metrics_can_be_closed(make_client: ClientFactory) -> None:
    client = make_client(auth="on", api_keys=(FIRST,), metrics_auth="on")
    refusal = client.get("/metrics")
    assert_error(refusal, 401, "unauthorized")
    assert refusal.headers["WWW-Authenticate"]
    assert client.get("/metrics", headers={"X-API-Key": FIRST}).status_code == 200
    assert client.get("/health").status_code == 200


def test_the_body_is_not_kept_without_a_key(
    make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(auth="on", api_keys=(FIRST,))
    kept: list[int] = []
    service: Service = client.app.state.service  # type: ignore[attr-defined]
    monkeypatch.setattr(service.receiving.budget, "take", kept.append)
    files = {"file": b"no picture"}
    assert_error(client.post("/predict/file", files=files), 401, "unauthorized")
    assert not kept
    client.post("/predict/file", files=files, headers={"X-API-Key": FIRST})
    assert kept


def _preflight(client: TestClient, origin: str) -> dict[str, str]:
    response = client.options(
        "/predict/file",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "X-API-Key",
        },
    )
    return {name: value for name, value in response.headers.items() if "access-control" in name}


def test_cors_is_off_by_default(client: TestClient) -> None:
    assert _preflight(client, "https://a.example") == {}
    answer = client.get("/health", headers={"Origin": "https://a.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_cors_for_named_origins_only(make_client: ClientFactory) -> None:
    client = make_client(cors_origins=("https://a.example",))
    allowed = _preflight(client, "https://a.example")
    assert allowed["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-credentials" not in allowed
    assert "access-control-allow-origin" not in _preflight(client, "https://b.example")
    answer = client.get("/health", headers={"Origin": "https://a.example"})
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
