"""Pictures of passes: a folder with one folder a day."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

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


class PictureFolder:
    """Files by pass. Deleting what is not there is no fault: it may have been done halfway."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> Path:
        """`at` as in the tables."""
        return self._day(moment(at)) / f"{pass_id}-{kind}.{suffix}"

    def write(self, pass_id: str, at: int, kind: PictureKind, data: bytes) -> str:
        """Returns the suffix that its name got. Raises OSError."""
        suffix = suffix_of(data)
        path = self.path(pass_id, at, kind, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
        return suffix

    def delete(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> None:
        """And its day, once that is empty. Raises OSError."""
        path = self.path(pass_id, at, kind, suffix)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others are still there
            path.parent.rmdir()

    def _day(self, at: datetime) -> Path:
        return self._root / f"{at:%Y-%m-%d}"


def suffix_of(data: bytes) -> str:
    """Of a file with a picture; `jpg` where nobody knows, as when it is damaged."""
    try:
        kind = identify(data)
    except ImageError:
        return "jpg"
    return _SUFFIXES.get(kind, kind.lower())
