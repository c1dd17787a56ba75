"""Photos in a few small files, for machines that are lent for half an hour and get what they train
on through a narrow door.

A pack is a folder of tar files of at most `PART` bytes. Unpacked it has photo folders of the usual
form (`common/photos.py`), one for each kind of photo.
"""

import csv
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from models.training.common.photos import Photo

PART = 14_000_000  # bytes
HEADER = ("file", "split", "x1", "y1", "x2", "y2", "text", "labelled_by", "source")


def shrunk(photo: Photo, scale: float) -> Photo:
    """The photo made smaller by `scale`; as it is from 1 on."""
    if scale >= 1:
        return photo
    image = cv2.resize(photo.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return replace(photo, image=np.asarray(image, np.uint8), boxes=photo.boxes * np.float32(scale))


def write(folder: Path, kinds: Mapping[str, tuple[Sequence[Photo], int]]) -> list[Path]:
    """Tar files of the photos of each kind with their labels, coded with the given JPEG quality."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[tuple[str, bytes]] = []
    for kind, (photos, quality) in kinds.items():
        files.append((f"{kind}/labels.csv", _labels(photos)))
        files += [(f"{kind}/{photo.name}", _jpeg(photo, quality)) for photo in photos]
    parts: list[list[tuple[str, bytes]]] = [[]]
    size = 0
    for name, data in files:
        if size + len(data) + 1024 > PART:
            parts.append([])
            size = 0
        parts[-1].append((name, data))
        size += len(data) + 1024
    paths = []
    for number, part in enumerate(parts):
        paths.append(folder / f"part-{number}.tar")
        with tarfile.open(paths[-1], "w") as tar:
            for name, data in part:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    return paths


def unpack(folder: Path, out: Path) -> None:
    """Unpack the parts that lie in `folder`. Raises FileNotFoundError where there are none."""
    parts = sorted(folder.glob("part-*.tar"))
    if not parts:
        raise FileNotFoundError(folder / "part-0.tar")
    for path in parts:
        with tarfile.open(path) as tar:
            tar.extractall(out, filter="data")


def _jpeg(photo: Photo, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", photo.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _labels(photos: Sequence[Photo]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for photo in photos:
        rows = [
            (*(round(v, 1) for v in box), text)
            for box, text in zip(photo.boxes.tolist(), photo.texts, strict=True)
        ]
        for row in rows or [("", "", "", "", "")]:
            writer.writerow((photo.name, "train", *row, "", photo.source))
    return stream.getvalue().encode()
