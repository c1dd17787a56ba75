"""Bring what the reader's draws need of photos into a few small files:
`python -m models.training.reader.pack --photos DIR --photos DIR2 --teacher V2 ... --out DIR`.

The pack (`common/packing.py`) has four kinds: `real`, plates with their surroundings and the text
on which the teachers agree; `near`, windows around plates over which others are laid; `plain`,
small photos for crops without a plate; and `validation`, labelled plates that are never trained on.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.training.common.crops import Reader, RealCrop, agreed, cut
from models.training.common.packing import shrunk, write
from models.training.common.photos import LICENSED_SOURCES, Photo, read_photos
from models.training.common.slots import SLOTS
from models.training.drawing.overlaid import fitting

WIDEST = {"real": 260.0, "validation": 320.0, "near": 170.0}  # px, width of a plate
SURROUNDINGS = (1.1, 2.2)  # of a plate's sides, kept around one that is laid over
PLAIN = 400  # px, the longer side

Packed = tuple[str, Photo]


def real_photos(crops: Sequence[RealCrop], name: str) -> Iterator[Photo]:
    """Crops as photos of one plate each."""
    for i, crop in enumerate(crops):
        boxes = np.array([crop.box], np.float32)
        photo = Photo(f"{name}-{i:05d}.jpg", name, crop.image, boxes, (crop.text,))
        yield shrunk(photo, WIDEST[name] / max(1.0, crop.box[2] - crop.box[0]))


def near_photos(photos: Sequence[Photo], most: int) -> Iterator[Photo]:
    """A window around one plate of each of at most `most` photos that can be laid over."""
    able = [photo for photo in photos if fitting(photo)]
    chosen = able if len(able) <= most else [able[i * len(able) // most] for i in range(most)]
    for i, photo in enumerate(chosen):
        fit = fitting(photo)
        window = around(photo, fit[i % len(fit)], f"near-{i:05d}.jpg")
        box = photo.boxes[fit[i % len(fit)]]
        yield shrunk(window, WIDEST["near"] / float(box[2] - box[0]))


def around(photo: Photo, index: int, name: str) -> Photo:
    """The plate `index` with what is near it, and the other plates that reach in."""
    height, width = photo.image.shape[:2]
    x1, y1, x2, y2 = (float(v) for v in photo.boxes[index])
    dx, dy = SURROUNDINGS[0] * (x2 - x1), SURROUNDINGS[1] * (y2 - y1)
    left, top = int(max(0, x1 - dx)), int(max(0, y1 - dy))
    right, bottom = int(min(width, x2 + dx)), int(min(height, y2 + dy))
    boxes = photo.boxes - np.array([left, top, left, top], np.float32)
    limits = np.array([right - left, bottom - top] * 2, np.float32)
    boxes = boxes.clip(0, limits)
    boxes = boxes[((boxes[:, 2:] - boxes[:, :2]) > 2).all(1)]
    image = photo.image[top:bottom, left:right]
    return Photo(name, photo.source, image, boxes, ("",) * len(boxes))


def plain_photos(photos: Sequence[Photo], most: int) -> Iterator[Photo]:
    """Small copies of photos, those without plates first."""
    ordered = sorted(photos, key=lambda photo: len(photo.boxes) > 0)
    bare = sum(not len(photo.boxes) for photo in ordered)
    rest = ordered[bare:]
    step = max(1, len(rest) // max(1, most - bare))
    for i, photo in enumerate([*ordered[:bare], *rest[::step]][:most]):
        named = replace(photo, name=f"plain-{i:05d}.jpg")
        yield shrunk(named, PLAIN / max(photo.image.shape[:2]))


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Pack what the reader trains on.")
    parser.add_argument("--photos", type=Path, action="append", required=True)
    parser.add_argument("--teacher", type=Path, nargs=2, action="append", default=[])
    parser.add_argument("--agreement", type=float, default=0.7, help="least slot probability")
    parser.add_argument("--near", type=int, default=1600, help="photos to lay plates over")
    parser.add_argument("--plain", type=int, default=700, help="photos for crops without a plate")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    """Entry point."""
    args = parse()
    readers = [Reader(model, config) for model, config in args.teacher]
    photos = [
        photo
        for folder in args.photos
        for photo in read_photos(folder, split="train", sources=LICENSED_SOURCES)
    ]
    real = agreed(photos, readers, least=args.agreement, slots=SLOTS) if readers else []
    labelled = read_photos(args.photos[0], split="test", sources=("openalpr-eu", "openalpr-us"))
    held = [cut(p, i) for p in labelled for i, text in enumerate(p.texts) if text]
    kinds = {
        "real": (list(real_photos(real, "real")), 95),
        "validation": (list(real_photos(held, "validation")), 95),
        "near": (list(near_photos(photos, args.near)), 90),
        "plain": (list(plain_photos(photos, args.plain)), 88),
    }
    for name, (each, _) in kinds.items():
        print(f"{name}: {len(each)}")
    for path in write(args.out, kinds):
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
