"""Log lines: whose they are, and what is kept out of them."""

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest

from app.logs import configure_logging
from tests.api.conftest import ClientFactory

LOGGERS = ("", "app", "uvicorn", "uvicorn.error", "uvicorn.access")


@pytest.fixture
def log() -> Iterator[Callable[[str, str], None]]:
    """Configures logging as a process of the service does, for one test."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, logger.level, logger.propagate, [*logger.handlers]) for logger in loggers]
    yield configure_logging
    for logger, level, propagate, handlers in before:
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers


@pytest.mark.parametrize("given", ["abc-1", "A.b:c_d-9", "x" * 64])
def test_a_sane_id_is_kept(
    make_client: ClientFactory,
    capsys: pytest.CaptureFixture[str],
    log: Callable[[str, str], None],
    given: str,
) -> None:
    log("INFO", "text")
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


@pytest.mark.parametrize(
    ("form", "log_plates"), [("text", False), ("text", True), ("json", False), ("json", True)]
)
def test_plates_are_logged_only_where_asked_for(  # noqa: PLR0917
    make_client: ClientFactory,
    capsys: pytest.CaptureFixture[str],
    car_jpeg: bytes,
    log: Callable[[str, str], None],
    form: str,
    log_plates: bool,
) -> None:
    log("INFO", form)
    client = make_client(log_plates=log_plates)
    client.post("/predict/file", files={"file": ("ABC123.jpg", car_jpeg)})
    client.post("/predict/batch", files=[("files", car_jpeg)])
    written = capsys.readouterr().err
    assert written.count("ABC123") == (2 if log_plates else 0)
    if form == "json":
        lines = [json.loads(line) for line in written.splitlines()]
        served = [line for line in lines if line["request_id"] != "-"]
        assert len(served) == (4 if log_plates else 2)


def test_probes_are_quiet(
    make_client: ClientFactory, capsys: pytest.CaptureFixture[str], log: Callable[[str, str], None]
) -> None:
    log("INFO", "text")
    client = make_client()
    capsys.readouterr()
    for path in ("/health", "/health/live", "/health/ready", "/metrics"):
        client.get(path)
    assert capsys.readouterr().err == ""


def test_the_level_is_kept(
    make_client: ClientFactory,
    capsys: pytest.CaptureFixture[str],
    log: Callable[[str, str], None],
    car_jpeg: bytes,
) -> None:
    log("ERROR", "text")
    client = make_client(auth="on", api_keys=("k",))
    client.post("/predict/file", files={"file": car_jpeg})
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("log")  # which restores it
def test_the_application_leaves_the_logging_of_its_process_alone(
    make_client: ClientFactory,
) -> None:
    """Whoever embeds it, and every other test, has handlers of their own."""
    root = logging.getLogger()
    own = logging.NullHandler()
    root.handlers[:] = [own]
    root.setLevel("CRITICAL")
    make_client(log_level="DEBUG").get("/health")
    assert root.handlers == [own]
    assert root.level == logging.CRITICAL
