"""Bring the detector's photos into a few small files:
`python -m models.training.detector.pack --photos DIR --photos DIR2 --out DIR`.

The pack (`common/packing.py`) has two kinds: `photos`, those to train on, and `validation`, some of
the first folder's validation split. Of the further folders every `--held-out`-th photo stays
behind, so that there is something with plates that the detector has not seen; `held-out.txt` in
the folder names them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from models.training.common.packing import shrunk, write
from models.training.common.photos import LICENSED_SOURCES, Photo, read_photos
from models.training.detector.relabel import INCOMPLETE


def small(photo: Photo, longest: int) -> Photo:
    """The photo with at most so many pixels along its longer side."""
    return shrunk(photo, longest / max(photo.image.shape[:2]))


def split(photos: Sequence[Photo], every: int) -> tuple[list[Photo], list[Photo]]:
    """The photos without every so many-th one, and those; nothing of them where it is 0."""
    held = [photo for i, photo in enumerate(photos) if every and i % every == every - 1]
    names = {photo.name for photo in held}
    return [photo for photo in photos if photo.name not in names], held


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Pack what the detector trains on.")
    parser.add_argument("--photos", type=Path, action="append", required=True)
    parser.add_argument("--longest", type=int, default=640, help="px, of the longer side")
    parser.add_argument("--quality", type=int, default=78, help="of the JPEG")
    parser.add_argument("--held-out", type=int, default=5, help="every so many-th, 0 for none")
    parser.add_argument("--validation", type=int, default=200, help="photos")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    """Entry point."""
    args = parse()
    first, *others = args.photos
    chosen = read_photos(
        first,
        split="train",
        sources=LICENSED_SOURCES,
        without_additions=LICENSED_SOURCES - INCOMPLETE,
    )
    held: list[Photo] = []
    for folder in others:
        kept, left = split(
            read_photos(folder, split="train", sources=LICENSED_SOURCES), args.held_out
        )
        chosen += kept
        held += left
    validation = read_photos(first, split="val", sources=LICENSED_SOURCES, limit=args.validation)
    kinds = {
        "validation": (validation, 92),
        "photos": ([small(photo, args.longest) for photo in chosen], args.quality),
    }
    for name, (photos, _) in kinds.items():
        print(f"{name}: {len(photos)}")
    for path in write(args.out, kinds):
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")
    (args.out / "held-out.txt").write_text("".join(f"{photo.name}\n" for photo in held))


if __name__ == "__main__":
    main()
