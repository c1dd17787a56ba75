"""Pictures on disk: those that a command was given, and those it makes."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.errors import InvalidRequest

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".gif"})


def find_pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as given, folders by the pictures in them. Raises InvalidRequest for other paths."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        elif path.is_file():
            yield path
        else:
            raise InvalidRequest(f"No file or folder {path}.")


class PictureFolder:
    """A folder for what is made of pictures; nothing that is there is ever overwritten.

    Pictures of a folder keep their place below it. A name that is taken gets a number.

    `given` are the files and folders that the pictures come from.

    Raises:
        InvalidRequest: the folder is where they come from, or within: what is made of a picture
            would be taken for one.
    """

    def __init__(self, folder: Path, given: Sequence[Path]) -> None:
        target = folder.resolve()
        self._sources = [path.resolve() for path in given if path.is_dir()]
        if target in (path.resolve().parent for path in given if not path.is_dir()) or any(
            target.is_relative_to(source) for source in self._sources
        ):
            raise InvalidRequest(f"{folder} is where the pictures come from: choose another.")
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, source: Path, suffix: str, data: bytes) -> Path:
        """Write what was made of a picture; returns where.

        `suffix` has its dot. Raises OSError where it cannot be written; nothing is left then.
        """
        place = self._place(source.resolve())
        place.mkdir(parents=True, exist_ok=True)
        stems = itertools.chain(
            [source.stem], (f"{source.stem}-{number}" for number in itertools.count(2))
        )
        for stem in stems:
            target = place / f"{stem}{suffix}"
            try:
                file = target.open("xb")
            except FileExistsError:
                continue
            try:
                with file:
                    file.write(data)
            except OSError:
                target.unlink(missing_ok=True)
                raise
            return target
        raise AssertionError("numbers do not end")

    def _place(self, source: Path) -> Path:
        for folder in self._sources:
            if source.is_relative_to(folder):
                return self._folder / source.relative_to(folder).parent
        return self._folder
