"""Files of networks with their checksums."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from app.errors import ModelCorrupt, ModelMissing


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A published file. `sha256` in lower-case hexadecimal; `size` in bytes, None if not known."""

    name: str
    sha256: str
    size: int | None = None
    url: str | None = None

    def is_intact(self, path: Path) -> bool:
        """Whether the file at `path` is this one, by size and checksum."""
        if self.size is not None and path.stat().st_size != self.size:
            return False
        return sha256_of(path) == self.sha256

    def located(self, directory: Path, *, remedy: str) -> Path:
        """The intact file in a directory.

        Raises:
            ModelMissing: it is not there; the message ends with `remedy`.
            ModelCorrupt: it is there, but not the published one.
        """
        path = directory / self.name
        if not path.is_file():
            raise ModelMissing(f"No model at {path}. {remedy}")
        if not self.is_intact(path):
            raise ModelCorrupt(f"{path} is not the published file (size or sha256). {remedy}")
        return path


def sha256_of(path: Path) -> str:
    """Checksum of a file in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
