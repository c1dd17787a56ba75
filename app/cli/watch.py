"""`watch`: read the vehicles that pass in video files."""

import argparse
import json
import sys
from pathlib import Path

import cv2
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as ProgressBar
from rich.table import Table

from app.api.video_schemas import pass_body
from app.building import build_pipeline
from app.cli.predict import add_options
from app.config import Settings
from app.errors import AlprError, InvalidRequest
from app.pictures import PictureFolder
from app.processors import usable_processors
from app.video.options import VideoQuery
from app.video.passes import Pass, PassEvent
from app.video.sources.file import FileSource
from app.video.watching import watch
from app.vision.pipeline import PlatePipeline
from app.weights.resolve import resolve_weights


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one JSON line for each event")
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="write the best frame of each pass"
    )
    add_options(parser, VideoQuery)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read all files, in order; status 1 if one could not be read, or not to its end."""
    settings = Settings()
    asked = {name: getattr(arguments, name) for name in VideoQuery.model_fields}
    query = VideoQuery.model_validate(asked)
    for path in arguments.paths:
        if not path.is_file():
            raise InvalidRequest(f"No file {path}.")
    folder = arguments.save and PictureFolder(arguments.save, arguments.paths)
    pipeline = build_pipeline(settings, resolve_weights(settings), threads=usable_processors(1))
    table = Table("file", "plate", "confidence", "format", "from", "to", "reads", "direction")
    failed = 0
    for path in arguments.paths:
        try:
            failed += _watch(
                path,
                pipeline=pipeline,
                settings=settings,
                query=query,
                arguments=arguments,
                table=table,
                folder=folder,
            )
        except AlprError as error:
            failed += 1
            print(f"{path}: {error}", file=sys.stderr)
    if not arguments.json:
        Console().print(table)
    return 1 if failed else 0


def _watch(
    path: Path,
    *,
    pipeline: PlatePipeline,
    settings: Settings,
    query: VideoQuery,
    arguments: argparse.Namespace,
    table: Table,
    folder: PictureFolder | None,
) -> bool:
    """Whether the file is damaged."""
    options = query.watch_options(settings)
    with (
        FileSource(
            path, fps=query.frames_a_second(settings), max_pixels=settings.max_pixels
        ) as source,
        ProgressBar(console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task(escape(path.name), total=source.info.duration_s or None)
        for event in watch(source, pipeline, options):
            bar.update(task, completed=event.at_s)
            if not isinstance(event, PassEvent):
                continue
            if arguments.json:
                body = pass_body(event.passing, crops=options.read.crops).model_dump()
                line = {"file": str(path), "event": event.kind, "at_s": event.at_s, "pass": body}
                print(json.dumps(line), flush=True)
            if event.kind == "end":
                _add_row(table, path, event.passing)
                if folder is not None:
                    jpeg = cv2.imencode(".jpg", event.passing.best.picture)[1].tobytes()
                    folder.save(path, f"-{event.passing.first_seen_s:.1f}s.jpg", jpeg)
    if source.warning:
        print(f"{path}: {source.warning}", file=sys.stderr)
    return source.warning is not None


def _add_row(table: Table, path: Path, passing: Pass) -> None:
    reading, way = passing.reading, passing.direction
    table.add_row(
        escape(str(path)),
        reading.plate,
        f"{reading.confidence:.2f}",
        reading.validation.format or "not NZ",
        f"{passing.first_seen_s:.1f} s",
        f"{passing.last_seen_s:.1f} s",
        f"{reading.agreeing}/{reading.reads}",
        way.motion if way.degrees is None else f"{way.motion}, {way.degrees:.0f} deg",
    )
