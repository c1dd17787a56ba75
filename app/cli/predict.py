"""`predict`: read pictures from disk."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import cv2
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from app import arguments as types
from app.api.schemas.pictures import ModelBody, Prediction, prediction_body
from app.building import build_engine
from app.config import Settings
from app.engine import Engine
from app.errors import AlprError, NotInstalled
from app.options import ReadQuery
from app.pictures import PictureFolder, find_pictures
from app.vision.images.annotate import annotate
from app.vision.images.decode import decode_picture
from app.vision.pipeline import ReadOptions
from app.vision.types import FrameResult
from app.weights.resolve import resolve_weights

PART = 500
"""Pictures of one output file: half a minute on one processor, which is what a death costs."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
    parser.add_argument("--json", action="store_true", help="one JSON line for each picture")
    parser.add_argument("--save", type=Path, metavar="DIR", help="write annotated pictures")
    add_read_options(parser)
    many = parser.add_argument_group(
        "many pictures",
        "predict --ray INPUT... OUTPUT reads folders, patterns with * and **, and s3:// addresses "
        "on a cluster of Ray (that of RAY_ADDRESS), or on this machine alone. Rows go into the "
        "folder OUTPUT; run again, it goes on where it was.",
    )
    many.add_argument("--ray", action="store_true")
    many.add_argument("--format", choices=("parquet", "jsonl"), default="parquet", help="of rows")
    many.add_argument(
        "--part", type=types.count, default=PART, metavar="N", help="pictures of one output file"
    )
    many.add_argument(
        "--gpu-share",
        type=types.amount(least=0.01, most=1.0),
        default=1.0,
        metavar="SHARE",
        help="of a GPU for each process that reads, with ALPR_DEVICE=cuda",
    )
    parser.set_defaults(run=run)


def add_read_options(parser: argparse.ArgumentParser) -> None:
    """An argument for everything a request may choose, checked as there."""
    add_options(parser, ReadQuery)


def add_options(parser: argparse.ArgumentParser, query: type[ReadQuery]) -> None:
    """The same for another kind of request."""
    for name, field in query.model_fields.items():
        flag = f"--{name.replace('_', '-')}"
        shown = (field.description or "").replace("%", "%%")
        if name == "crops":
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=shown)
        else:
            parser.add_argument(flag, type=_checked(query, name), help=shown)


def _checked(query: type[ReadQuery], name: str) -> Callable[[str], object]:
    def check(text: str) -> object:
        try:
            return getattr(query.model_validate({name: text}), name)
        except ValidationError as error:
            raise argparse.ArgumentTypeError(error.errors()[0]["msg"]) from error

    return check


def run(arguments: argparse.Namespace) -> int:
    """Read all pictures, in order; status 1 if one could not be read."""
    if arguments.ray:
        return _run_on_cluster(arguments)
    settings = Settings()
    paths = [Path(path) for path in arguments.paths]
    pictures = list(find_pictures(paths))
    asked = {name: getattr(arguments, name) for name in ReadQuery.model_fields}
    options = ReadQuery.model_validate(asked).options(settings)
    folder = arguments.save and PictureFolder(arguments.save, paths)
    weights = resolve_weights(settings)
    model = ModelBody(detector=weights.detector.name, ocr=weights.ocr.name)
    engine = build_engine(settings, weights)
    table = Table("picture", "plate", "confidence", "format", "corrected", "ms")
    failed = 0
    try:
        for path, outcome in _read_all(engine, pictures, options):
            if isinstance(outcome, AlprError):
                failed += 1
                print(f"{path}: {outcome}", file=sys.stderr)
                continue
            if folder is not None:
                folder.save(path, ".jpg", _annotated(path, outcome, settings.max_pixels))
            answer = prediction_body(outcome, model, str(path))
            if arguments.json:
                print(answer.model_dump_json())
            else:
                _add_rows(table, path, answer)
    finally:
        engine.close()
    if not arguments.json:
        Console().print(table)
    return 1 if failed else 0


def _run_on_cluster(arguments: argparse.Namespace) -> int:
    """Loads Ray, which nothing else needs. Raises NotInstalled where it is not there."""
    try:
        from app.cli.predict_many import run as run_many  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("ray", "pyarrow", "fsspec"):
            raise
        raise NotInstalled(
            f"{error.name} is not installed: pip install -r requirements-ray.txt"
        ) from error
    return run_many(arguments, arguments.paths)


def _read_all(
    engine: Engine, pictures: Sequence[Path], options: ReadOptions
) -> Iterator[tuple[Path, FrameResult | AlprError]]:
    """Results in the order of the pictures, a few read ahead so that all cores work."""
    ahead = 8
    queue: list[tuple[Path, Future[FrameResult]]] = []
    rest = iter(pictures)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=len(pictures))
        while True:
            while len(queue) < ahead and (path := next(rest, None)) is not None:
                queue.append((path, engine.submit(path.read_bytes(), options)))
            if not queue:
                return
            path, job = queue.pop(0)
            try:
                yield path, job.result()
            except AlprError as error:
                yield path, error
            bar.advance(task)


def _annotated(path: Path, result: FrameResult, max_pixels: int) -> bytes:
    """A JPEG of the picture with what was read."""
    frame = decode_picture(path.read_bytes(), max_pixels=max_pixels, reduce=True).frame
    return cv2.imencode(".jpg", annotate(frame, result))[1].tobytes()


def _add_rows(table: Table, path: Path, answer: Prediction) -> None:
    name = escape(str(path)) + (" (damaged)" if answer.image.damaged else "")
    milliseconds = f"{answer.timings_ms.total - answer.timings_ms.queue:.0f}"
    if not answer.plates:
        table.add_row(name, "-", "", "", "", milliseconds)
    for plate in answer.plates:
        table.add_row(
            name,
            plate.plate,
            f"{plate.confidence:.2f}",
            "cut" if plate.cut else plate.validation.format or "not NZ",
            plate.corrected_plate or "",
            milliseconds,
        )
