"""Log lines: whose they are, and what is kept out of them."""

import json
import re

import pytest

from tests.api.conftest import ClientFactory


@pytest.mark.parametrize("given", ["abc-1", "A.b:c_d-9", "x" * 64])
def test_a_sane_id_is_kept(
    make_client: ClientFactory, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    client = make_client()
    answer = client.post("/predict/url", json={}, headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given
    assert f" {given} POST /predict/url 422 " in capsys.readouterr().err


@pytest.mark.parametrize(
    "given", ["", "x" * 65, "a b", "a\tb", 'a"b', "{}", "a/b", "é", "%0a", "$(id)", "<b>"]
)
def test_any_other_id_is_replaced(make_client: ClientFactory, given: str) -> None:
    headers = {b"X-Request-ID": given.encode()}
    answer = make_client().post("/predict/url", json={}, headers=headers)
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_two_requests_have_two_ids(make_client: ClientFactory) -> None:
    client = make_client()
    assert len({client.get("/health").headers["X-Request-ID"] for _ in range(5)}) == 5


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("log_plates", [False, True])
def test_plates_are_logged_only_where_asked_for(
    make_client: ClientFactory,
    capsys: pytest.CaptureFixture[str],
    car_jpeg: bytes,
    form: str,
    log_plates: bool,
) -> None:
    client = make_client(log_plates=log_plates, log_format=form)
    client.post("/predict/file", files={"file": ("ABC123.jpg", car_jpeg)})
    client.post("/predict/batch", files=[("files", car_jpeg)])
    log = capsys.readouterr().err
    assert log.count("ABC123") == (2 if log_plates else 0)
    if form == "json":
        lines = [json.loads(line) for line in log.splitlines()]
        served = [line for line in lines if line["request_id"] != "-"]
        assert len(served) == (4 if log_plates else 2)


def test_probes_are_quiet(make_client: ClientFactory, capsys: pytest.CaptureFixture[str]) -> None:
    client = make_client()
    capsys.readouterr()
    for path in ("/health", "/health/live", "/health/ready", "/metrics"):
        client.get(path)
    assert capsys.readouterr().err == ""


def test_the_level_is_kept(
    make_client: ClientFactory, capsys: pytest.CaptureFixture[str], car_jpeg: bytes
) -> None:
    client = make_client(log_level="ERROR", auth="on", api_keys=("k",))
    client.post("/predict/file", files={"file": car_jpeg})
    assert capsys.readouterr().err == ""
