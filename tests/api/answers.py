"""What every answer of the service has in common."""

from collections.abc import Mapping
from typing import Any, Protocol


class Response(Protocol):
    """As requests and the test client have it."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def text(self) -> str: ...
    def json(self) -> Any: ...


def assert_error(response: Response, status: int, code: str) -> None:
    """The one form of every answer that is no success."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"detail", "code"}
    assert body["code"] == code
    assert body["detail"]
    assert response.headers["X-Request-ID"]
