"""Folders that every machine of a cluster reaches: on a shared disk, or in object storage."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

from fsspec.utils import glob_translate
from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType, LocalFileSystem

from app.errors import InvalidRequest
from app.pictures import SUFFIXES

_WILD = re.compile(r"[*?\[]")
_ROOT = re.compile(r"([a-z][a-z0-9+.-]*://[^/]*)(?:/(.*))?", re.DOTALL)


class Place:
    """A folder by its address: a path, or `s3://BUCKET/PREFIX` and others that Arrow knows.

    Endpoint and credentials are those of all tools for it (`AWS_ENDPOINT_URL_S3`, ...).

    Raises:
        InvalidRequest: the address is of no kind that is known.
    """

    def __init__(self, address: str) -> None:
        self._files, self._path = _opened(address)
        self.address = address if _is_remote(address) else self._path

    def names(self) -> Iterator[str]:
        """Of the files right in it; none where there is no such folder. Raises OSError."""
        selector = FileSelector(self._path, allow_not_found=True)
        for info in self._files.get_file_info(selector):
            if info.type is FileType.File:
                yield info.base_name

    def read(self, name: str) -> bytes:
        """Raises OSError."""
        with self._files.open_input_stream(f"{self._path}/{name}") as stream:
            return bytes(stream.read())

    def write(self, name: str, data: bytes) -> None:
        """The whole file appears at once, in the place of one that is there. Raises OSError."""
        target = f"{self._path}/{name}"
        if not isinstance(self._files, LocalFileSystem):
            with self._files.open_output_stream(target) as stream:
                stream.write(data)  # an object exists from the end of its upload on
            return
        self._files.create_dir(self._path, recursive=True)
        made = f"{self._path}/.{name}.{uuid.uuid4().hex}"
        with self._files.open_output_stream(made) as stream:
            stream.write(data)
        self._files.move(made, target)

    def sweep(self) -> None:
        """Delete what was left half written. Raises OSError."""
        for name in list(self.names()):
            if name.startswith("."):
                self._files.delete_file(f"{self._path}/{name}")


def find_pictures(address: str) -> list[str]:
    """Addresses of the pictures in a folder and below, or of what a pattern with * and ** names.

    Raises:
        InvalidRequest: there is no such file or folder, or its kind is unknown.
        OSError: it cannot be listed.
    """
    fixed, (files, path) = address, _opened(address)
    info = files.get_file_info(path)
    if info.type is FileType.NotFound and _WILD.search(address):
        fixed = _fixed(address)
        files, path = _opened(fixed)
        info = files.get_file_info(path)
    base = fixed.rstrip("/") if _is_remote(fixed) else path
    if info.type is FileType.File:
        return [base]
    if info.type is FileType.NotFound:
        raise InvalidRequest(f"No file or folder {address}.")
    inside: list[FileInfo] = files.get_file_info(FileSelector(path, recursive=True))
    names = sorted(
        info.path.removeprefix(path).lstrip("/") for info in inside if info.type is FileType.File
    )
    if fixed == address:
        found = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    else:
        wanted = re.compile(glob_translate(_pattern(address, fixed)))
        found = [name for name in names if wanted.match(name)]
    return [f"{base.rstrip('/')}/{name}" for name in found]


class Source:
    """Files that `find_pictures` found; each storage they are in is opened once."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[FileSystem, str]] = {}

    def read(self, address: str) -> bytes:
        """The bytes of a file, from any thread. Raises OSError."""
        root, rest = _split(address)
        if root not in self._opened:
            self._opened[root] = _connect(root)
        files, start = self._opened[root]
        with files.open_input_stream(_joined(start, rest)) as stream:
            return bytes(stream.read())


def _fixed(address: str) -> str:
    """The part of a pattern before the first folder with a wildcard."""
    return _WILD.split(address, maxsplit=1)[0].rpartition("/")[0] or (
        "/" if address[0] == "/" else "."
    )


def _pattern(address: str, fixed: str) -> str:
    """What a pattern says of names below its fixed part."""
    return address if fixed == "." else address.removeprefix(fixed).lstrip("/")


def _is_remote(address: str) -> bool:
    return _ROOT.match(address) is not None


def _opened(address: str) -> tuple[FileSystem, str]:
    root, rest = _split(address)
    files, start = _connect(root)
    return files, _joined(start, rest).rstrip("/") or "/"


def _split(address: str) -> tuple[str, str]:
    """Storage, and the name in it; a path becomes absolute, because workers are elsewhere."""
    remote = _ROOT.fullmatch(address)
    return ("", str(Path(address).resolve())) if remote is None else (remote[1], remote[2] or "")


def _connect(root: str) -> tuple[FileSystem, str]:
    """What Arrow makes of the beginning of an address, of which it would decode all."""
    if not root:
        return LocalFileSystem(), ""
    try:
        files, start = FileSystem.from_uri(f"{root}/")
    except (ValueError, NotImplementedError) as error:
        raise InvalidRequest(f"{root} is no storage that can be read: {error}") from error
    return files, start


def _joined(start: str, rest: str) -> str:
    return f"{start.rstrip('/')}/{rest.lstrip('/')}" if start else rest
