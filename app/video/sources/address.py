"""What a source is called, and what of that may be shown."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, urlsplit

from app.errors import InvalidCameras

Kind = Literal["file", "folder", "device", "rtsp", "http"]

_KINDS: dict[str, Kind] = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http"}
_DEVICES = "/dev/"


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """Where a source is; as text it has neither a name, a password nor a query, which may be one.

    `location` is a path, or a URL without a login.
    """

    kind: Kind
    location: str = field(repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.location.partition("?")[0].partition("#")[0] if self.is_url else self.location

    @property
    def is_url(self) -> bool:
        return self.kind in ("rtsp", "http")

    @property
    def is_live(self) -> bool:
        return self.kind != "file"

    @property
    def host(self) -> str:
        """In lower case; nothing for what is no URL."""
        return (urlsplit(self.location).hostname or "") if self.is_url else ""

    @property
    def url(self) -> str:
        """With the login, for who opens it and nobody else."""
        if self.user is None and self.password is None:
            return self.location
        parts = urlsplit(self.location)
        login = f"{quote(self.user or '', safe='')}:{quote(self.password or '', safe='')}"
        return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()


def parse_source(
    text: str, *, user: str | None = None, password: str | None = None
) -> SourceAddress:
    """`rtsp://`, `rtsps://`, `http://` or `https://`, `/dev/video0`, a file or a folder.

    A login in the URL counts where none is given beside it.

    Raises:
        InvalidCameras: it is none of them. The sentence does not repeat the text.
    """
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme:
        kind = _KINDS.get(scheme)
        if kind is None:
            raise InvalidCameras("A source is rtsp, rtsps, http or https, or a path.")
        parts = _parts(text)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
        return SourceAddress(
            kind,
            bare.geturl(),
            user if user is not None else _unquoted(parts.username),
            password if password is not None else _unquoted(parts.password),
        )
    if user is not None or password is not None:
        raise InvalidCameras("Only a URL has a name and password.")
    if text.startswith(_DEVICES):
        return SourceAddress("device", text)
    path = Path(text)
    if text and path.is_dir():
        return SourceAddress("folder", text)
    if path.is_file():
        return SourceAddress("file", text)
    raise InvalidCameras(f"No file or folder {text}.")


def _parts(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidCameras("The URL is malformed.") from error
    if not parts.hostname or port == 0 or any(ord(character) <= 32 for character in text):
        raise InvalidCameras("The URL is malformed.")
    return parts


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)
