"""A sheet of rendered plates that the released reader misreads, for its model card:
`python -m models.training.failures --out models/curves/misread.jpg`.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.lab.synth.crops import draw_crop
from models.training.common.crops import Reader

MODELS = Path(__file__).resolve().parents[1]
UNSEEN_SEED = 78_000_000
COLUMNS, ROWS = 6, 4
TILE = (210, 105)
CAPTION = 22

Image = NDArray[np.uint8]


def misread(reader: Reader, crops: int) -> Iterator[tuple[Image, str, str]]:
    """Crops that an eye can read and the reader does not, with truth and reading."""
    drawn = [draw_crop(np.random.default_rng((UNSEEN_SEED, i)), mix="road") for i in range(crops)]
    readable = [(image, plate.text) for image, plate in drawn if plate.readable]
    said = reader.read([image for image, _ in readable])
    for (image, truth), (text, _) in zip(readable, said, strict=True):
        if text != truth:
            yield image, truth, text


def sheet(cases: list[tuple[Image, str, str]]) -> Image:
    """A grid of crops, each over a line that tells truth > reading."""
    cases = cases[: COLUMNS * ROWS]
    height, rows = TILE[1] + CAPTION, -(-len(cases) // COLUMNS)
    canvas = np.full((rows * height, COLUMNS * TILE[0], 3), 255, np.uint8)
    for i, (image, truth, text) in enumerate(cases):
        top, left = i // COLUMNS * height, i % COLUMNS * TILE[0]
        canvas[top : top + TILE[1], left : left + TILE[0]] = cv2.resize(image, TILE)
        origin = (left + 4, top + TILE[1] + 16)
        line = f"{truth} > {text}"
        cv2.putText(canvas, line, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return canvas


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description="Draw rendered plates that are misread.")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--crops", type=int, default=1200)
    args = parser.parse_args()
    entry = json.loads((args.models / "manifest.json").read_text())["ocr"]
    reader = Reader(args.models / entry["file"], args.models / entry["config_file"])
    cases = list(misread(reader, args.crops))
    cv2.imwrite(str(args.out), sheet(cases))
    print(f"{len(cases)} readable crops of {args.crops} drawn misread")


if __name__ == "__main__":
    main()
