"""Pictures of passes."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from app.config import Settings
from app.errors import ImageError
from app.passes.store.tables import moment
from app.vision.images.formats.signatures import identify

PictureKind = Literal["crop", "frame"]

MEDIA_TYPES: Final = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tif": "image/tiff",
}
_SUFFIXES: Final = {"JPEG": "jpg", "TIFF": "tif"}


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture and the suffix of its kind."""

    data: bytes
    suffix: str


class PictureStore(Protocol):
    """Pictures by pass. Thread-safe. All raise OSError, or StoreUnavailable, where they cannot be
    reached. `at` is as in the tables."""

    @property
    def parallel(self) -> int:
        """How many are best written at a time."""

    def write(self, pass_id: str, at: int, kind: PictureKind, data: bytes) -> str:
        """Returns the suffix that its name got."""

    def read(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> Picture | None:
        """None where there is none."""

    def delete(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> None:
        """Deleting what is not there is no fault: it may have been done halfway."""


class PictureFolder:
    """Files, one folder a day."""

    parallel: Final = 1

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, pass_id: str, at: int, kind: PictureKind, data: bytes) -> str:
        suffix = suffix_of(data)
        path = self._path(pass_id, at, kind, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
        return suffix

    def read(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> Picture | None:
        try:
            return Picture(self._path(pass_id, at, kind, suffix).read_bytes(), suffix)
        except FileNotFoundError:
            return None

    def delete(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> None:
        """And its day, once that is empty."""
        path = self._path(pass_id, at, kind, suffix)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others are still there
            path.parent.rmdir()

    def _path(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> Path:
        return self._root / picture_name(pass_id, at, kind, suffix)


def picture_name(pass_id: str, at: int, kind: PictureKind, suffix: str) -> str:
    """Its name in a store of pictures, the day first."""
    return f"{moment(at):%Y-%m-%d}/{pass_id}-{kind}.{suffix}"


def suffix_of(data: bytes) -> str:
    """Of a file with a picture; `jpg` where nobody knows, as when it is damaged."""
    try:
        kind = identify(data)
    except ImageError:
        return "jpg"
    return _SUFFIXES.get(kind, kind.lower())


def open_pictures(settings: Settings) -> PictureStore:
    """The bucket of the settings, or the store's folder. Raises StoreError."""
    if settings.store_pictures_url is None:
        return PictureFolder(settings.store_path / "pictures")
    from app.passes.store.bucket import PictureBucket  # noqa: PLC0415

    return PictureBucket(settings.store_pictures_url)
