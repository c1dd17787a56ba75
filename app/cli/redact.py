"""`redact`: write pictures again without their plates."""

import argparse
import sys
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.progress import track

from app import arguments as types
from app.building import build_pipeline
from app.config import Settings
from app.errors import AlprError, InvalidRequest
from app.pictures import PictureFolder, find_pictures
from app.processors import usable_processors
from app.vision.images.decode import decode_image
from app.vision.pipeline import PlatePipeline, ReadOptions
from app.vision.redact import RedactOptions, redact
from app.vision.rotation import Rotate
from app.weights.resolve import resolve_weights

_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    parser.add_argument("--save", type=Path, metavar="DIR", help="where the pictures are written")
    parser.add_argument(
        "--rotate",
        choices=get_args(Rotate),
        help="degrees clockwise to turn the picture by and look once more; auto: every way",
    )
    parser.add_argument("--style", choices=("blur", "fill"), default="blur")
    parser.add_argument("--min-confidence", type=types.share, help="lowest detection confidence")
    parser.add_argument(
        "--margin", type=types.share, help="share of a plate covered beyond each side"
    )
    parser.add_argument(
        "--check", action="store_true", help="try to read the plates again and count what is left"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Redact all pictures, in order; status 1 if one could not be, or a plate is still readable."""
    if arguments.save is None and not arguments.check:
        raise InvalidRequest("Say where to --save the pictures, or --check them.")
    settings = Settings()
    options = RedactOptions(
        min_confidence=(
            settings.redact_min_confidence
            if arguments.min_confidence is None
            else arguments.min_confidence
        ),
        margin=settings.redact_margin if arguments.margin is None else arguments.margin,
        style=arguments.style,
        rotate=arguments.rotate or settings.rotate,
    )
    folder = arguments.save and PictureFolder(arguments.save, arguments.paths)
    pictures = list(find_pictures(arguments.paths))
    pipeline = build_pipeline(settings, resolve_weights(settings), threads=usable_processors())
    covered = failed = readable = remaining = 0
    for path in track(pictures, "redacting", console=Console(stderr=True), transient=True):
        data = path.read_bytes()
        try:
            done = redact(pipeline, data, options)
        except AlprError as error:
            failed += 1
            print(f"{path}: {error}", file=sys.stderr)
            continue
        covered += len(done.plates)
        if done.damaged:
            print(f"{path}: damaged, plates may be lost with what is missing", file=sys.stderr)
        if folder is not None:
            folder.save(path, _SUFFIXES[done.media_type], done.data)
        if arguments.check:
            before, left = count_readable(pipeline, data, done.data, settings)
            readable, remaining = readable + before, remaining + left
            if left:
                print(f"{path}: {left} still readable", file=sys.stderr)
    print(f"pictures {len(pictures) - failed}, plates covered {covered}")
    if arguments.check:
        print(f"plates read before {readable}, still readable {remaining}")
    return 1 if failed or remaining else 0


def count_readable(
    pipeline: PlatePipeline, original: bytes, redacted: bytes, settings: Settings
) -> tuple[int, int]:
    """Plates the service reads in a picture, and how many of them it still reads afterwards.

    It looks where they were, and for plates anywhere with the threshold of redaction.
    """
    before = decode_image(original, max_pixels=settings.max_pixels)
    after = decode_image(redacted, max_pixels=settings.max_pixels)
    usual = ReadOptions(min_confidence=settings.min_confidence, enhance="off")
    eager = ReadOptions(min_confidence=settings.redact_min_confidence, enhance="auto")
    plates = pipeline.read_frame(before, usual).plates
    found = {plate.characters.text for plate in pipeline.read_frame(after, eager).plates}
    there = pipeline.recognizer.read([plate.detection.box.crop(after) for plate in plates])
    left = sum(
        plate.characters.text in found or plate.characters.text == again.text
        for plate, again in zip(plates, there, strict=True)
    )
    return len(plates), left
