"""What a key may send."""

import logging
import threading
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.api.service import Service
from app.config.keys import Rate, parse_key
from tests.api.answers import assert_error
from tests.api.conftest import ClientFactory
from tests.api.exposition import Samples
from tests.pictures import encode
from tests.servers import eventually
from tests.video.clips import grey_frames

GREY = encode(grey_frames(1)[0], ".jpg")
KIOSK = {"X-API-Key": "KIOSK"}
LIMITED = ("KIOSK name=kiosk rate=4/h", "OTHER")


def read(client: TestClient, key: str = "KIOSK") -> int:
    files = {"file": GREY}
    return client.post("/predict/file", files=files, headers={"X-API-Key": key}).status_code


def test_a_rate(make_client: ClientFactory) -> None:
    client = make_client(auth="on", api_keys=LIMITED)
    answers = [client.post("/predict/file", files={"file": GREY}, headers=KIOSK) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    policies = {answer.headers["RateLimit-Policy"] for answer in answers}
    assert policies == {'"pictures";q=4;w=3600'}
    left = [answer.headers["RateLimit"].split(";")[1] for answer in answers]
    assert left == ["r=3", "r=2", "r=1", "r=0", "r=0"]
    assert_error(answers[-1], 429, "rate_limited")
    assert 800 <= int(answers[-1].headers["Retry-After"]) <= 900
    assert read(client, "OTHER") == 200
    assert "RateLimit" not in client.get("/health").headers
    metrics = Samples(client.get("/metrics").text)
    assert metrics.value("alpr_key_refusals_total", key="kiosk", code="rate_limited") == 1


def test_pictures_count_and_not_requests(make_client: ClientFactory) -> None:
    client = make_client(auth="on", api_keys=LIMITED)

    def batch(count: int) -> int:
        files = [("files", (f"{number}.jpg", GREY)) for number in range(count)]
        return client.post("/predict/batch", files=files, headers=KIOSK).status_code

    assert batch(3) == 200
    assert batch(2) == 429
    assert read(client) == 429  # the refused one had sent its first


@pytest.mark.parametrize(
    ("path", "status", "retry"),
    [
        ("/v1/plate-reader/", 429, True),
        ("/v1/recognize", 429, True),
        ("/v1/vision/alpr", 200, False),
    ],
)
def test_other_apis_count_the_same(
    make_client: ClientFactory, path: str, status: int, retry: bool
) -> None:
    client = make_client(auth="on", api_keys=("KIOSK rate=1/h",))
    token = {"Authorization": "Token KIOSK"}
    assert client.post(path, files={"upload": GREY}, headers=token).headers["RateLimit"]
    refused = client.post(path, files={"upload": GREY}, headers=token)
    assert refused.status_code == status
    assert ("Retry-After" in refused.headers) == retry
    assert "r=0" in refused.headers["RateLimit"]
    if path == "/v1/plate-reader/":
        assert client.get("/v1/statistics/", headers=token).status_code == 200
    if path == "/v1/vision/alpr":
        assert refused.json()["success"] is False


def test_a_share_of_the_slots(make_client: ClientFactory) -> None:
    keys = ("KIOSK name=kiosk share=0.25", "OTHER")
    client = make_client(auth="on", api_keys=keys, max_in_flight=4, max_batch_files=4)
    service: Service = client.app.state.service  # type: ignore[attr-defined]
    allowance = service.allowances.of(service.keys.find("KIOSK"))
    assert allowance is not None
    assert allowance.slots is not None
    with allowance.slots.admit(1):
        refused = client.post("/predict/file", files={"file": GREY}, headers=KIOSK)
        assert_error(refused, 429, "share_exceeded")
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["RateLimit"] == '"slots";r=0'
        assert read(client, "OTHER") == 200
    assert read(client) == 200
    heavy = client.post("/predict/file?detail=high", files={"file": GREY}, headers=KIOSK)
    assert heavy.status_code == 200
    assert allowance.slots.in_use == 0


def test_a_file_of_keys_is_followed(
    make_client: ClientFactory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys"
    file.write_text("KIOSK name=kiosk rate=2/h\nGONE\n")
    client = make_client(auth="on", api_keys=("FIXED",), api_keys_file=file)
    assert [read(client), read(client, "GONE")] == [200, 200]
    with caplog.at_level(logging.INFO):
        file.write_text("KIOSK name=kiosk rate=2/h\nNEW name=new roles=read\n")
        assert eventually(lambda: read(client, "NEW") == 200)
    assert "changed: key-" in caplog.text
    assert "GONE" not in caplog.text
    assert "NEW" not in caplog.text
    assert [read(client, "GONE"), read(client, "FIXED")] == [401, 200]
    assert [read(client), read(client)] == [200, 429]  # what it took before counts
    with caplog.at_level(logging.ERROR):
        file.write_text("NEW name=new roles=everything\n")
        assert eventually(lambda: "keys stay as they were" in caplog.text)
    assert read(client, "NEW") == 200


def test_a_file_that_has_become_empty_opens_nothing(
    make_client: ClientFactory, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    file.write_text("KIOSK\n")
    client = make_client(auth="on", api_keys=(), api_keys_file=file)
    service: Service = client.app.state.service  # type: ignore[attr-defined]
    read_again = threading.Event()
    assert service.keys_file is not None
    replace = service.keys.replace

    def note(keys: object) -> None:
        replace(keys)  # type: ignore[arg-type]
        read_again.set()

    service.keys.replace = note  # type: ignore[method-assign]
    file.write_text("")
    assert read_again.wait(120)
    assert [read(client, ""), read(client, "wrong"), read(client)] == [401, 401, 200]


@pytest.mark.parametrize("shared", ["file", "postgresql"])
def test_two_processes_hold_a_rate_together(
    make_client: ClientFactory, tmp_path: Path, request: pytest.FixtureRequest, shared: str
) -> None:
    """Nothing that matters is in the memory of one, the calls that clients ask for included."""
    if shared == "file":
        where = {"usage_file": tmp_path / "usage.sqlite3"}
    else:
        where = {"database_url": request.getfixturevalue("empty_postgresql")}
    one, two = (make_client(auth="on", api_keys=LIMITED, **where) for _ in range(2))
    token = {"Authorization": "Token KIOSK"}
    for _ in range(3):
        answer = one.post("/v1/plate-reader/", files={"upload": GREY}, headers=token)
        assert answer.status_code == 200

    def knows() -> bool:
        service: Service = two.app.state.service  # type: ignore[attr-defined]
        allowance = service.allowances.of(service.keys.find("KIOSK"))
        assert allowance is not None
        return "r=1;" in allowance.headers()["RateLimit"]

    assert eventually(knows)
    assert [read(two), read(two)] == [200, 429]

    def calls() -> int:
        body = two.get("/v1/statistics/", headers=token).json()
        return int(body["usage"]["calls"])

    assert eventually(lambda: calls() == 3)


@pytest.mark.parametrize(
    ("text", "rate", "share"),
    [
        ("KEY rate=10/s", Rate(10, 1), None),
        ("KEY name=a rate=600/m share=0.5", Rate(600, 60), 0.5),
        ("KEY rate=5000/h", Rate(5000, 3600), None),
        ("KEY share=1 rate=20000/d", Rate(20000, 86_400), 1.0),
        ("KEY share=.25", None, 0.25),
        ("KEY", None, None),
    ],
)
def test_how_limits_are_written(text: str, rate: Rate | None, share: float | None) -> None:
    key = parse_key(text)
    assert (key.secret.get_secret_value(), key.rate, key.share) == ("KEY", rate, share)


NO_RATES = ("rate=0/s", "rate=10", "rate=10/w", "rate=-1/s", "rate=1.5/s")
NO_SHARES = ("share=0", "share=.0", "share=1.5", "share=50%")


@pytest.mark.parametrize("option", [*NO_RATES, *NO_SHARES])
def test_limits_that_are_none(option: str) -> None:
    with pytest.raises(ValueError, match=r"rate= as in 10/s"):
        parse_key(f"KEY {option}")
