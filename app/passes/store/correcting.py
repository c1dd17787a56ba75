"""What people say of a pass, beside what was read."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from app.nz.validation import normalize
from app.passes.store.cells import as_cell
from app.passes.store.pictures import Picture, PictureKind
from app.passes.store.searching import StoredPass
from app.passes.store.texts import asked_plate

LABELS: Final = "labels.csv"
_COLUMNS: Final = ("file", "text", "x1", "y1", "x2", "y2", "picture", "camera", "read")


def correction(plate: str | None, *, by: str, at: float) -> dict[str, Any]:
    """The columns of PASSES; None takes it back. Raises InvalidRequest for what is no plate.

    `at`: seconds since 1970.
    """
    if plate is None:
        return dict.fromkeys(("correction", "correction_key", "corrected_by", "corrected_at"))
    return {
        "correction_key": asked_plate(plate),
        "correction": normalize(plate),
        "corrected_by": by,
        "corrected_at": int(at * 1e6),
    }


def labelled(
    passes: Iterable[StoredPass], picture: Callable[[StoredPass, PictureKind], Picture | None]
) -> Iterator[bytes]:
    """A data set of `python -m app evaluate` as a ZIP file, part by part: the pictures of passes
    that somebody corrected, whole frames where there are any, and labels with the corrections."""
    sink = _Sink()
    labels = io.StringIO()
    table = csv.writer(labels)
    table.writerow(_COLUMNS)
    with zipfile.ZipFile(sink, "w") as archive:
        for kept in passes:
            if kept.correction is None:
                continue
            kind: PictureKind = "crop" if kept.frame is None else "frame"
            found = picture(kept, kind)
            if found is None:
                continue
            name = f"{kept.id}.{found.suffix}"
            archive.writestr(name, found.data)
            table.writerow(
                (
                    *(name, kept.correction.plate, *_corners(kept, kind)),
                    *(kind, as_cell(kept.camera or ""), kept.plate),
                )
            )
            yield sink.taken()
        archive.writestr(LABELS, labels.getvalue())
    yield sink.taken()


def _corners(kept: StoredPass, kind: PictureKind) -> tuple[int | str, ...]:
    box = kept.detail.get("bbox")
    if kind == "crop" or box is None:
        return ("",) * 4
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


class _Sink(io.RawIOBase):
    """Collects what is written, until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken
