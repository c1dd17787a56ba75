"""`watch`: read the vehicles that pass, in files or before cameras."""

import argparse
import json
import re
import sys
from pathlib import Path

import cv2
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as ProgressBar
from rich.table import Table

from app.api.schemas.videos import pass_body
from app.building import build_pipeline
from app.cli.predict import add_options
from app.cli.watch_cameras import watch_cameras
from app.config import Settings
from app.errors import AlprError, InvalidRequest
from app.pictures import PictureFolder
from app.processors import usable_processors
from app.video.cameras.config import CameraConfig, CameraPlan, load_cameras
from app.video.options import VideoQuery
from app.video.passes import Pass, PassEvent
from app.video.sources.address import SourceAddress, parse_source
from app.video.sources.file import FileSource
from app.video.sources.folder import FolderSource
from app.video.watching import watch
from app.vision.pipeline import PlatePipeline
from app.weights.resolve import resolve_weights


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="video files and folders of pictures, one after the other; or rtsp:// and http:// "
        "addresses and devices such as /dev/video0, all at once until Ctrl-C",
    )
    parser.add_argument(
        "--cameras",
        type=Path,
        metavar="FILE",
        help="watch the cameras of a file: where passwords belong, others see a command's words",
    )
    parser.add_argument("--json", action="store_true", help="one JSON line for each event")
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="write the best frame of each pass"
    )
    add_options(parser, VideoQuery)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Files: status 1 if one could not be read, or not to its end. Cameras: until Ctrl-C."""
    settings = Settings()
    asked = {name: getattr(arguments, name) for name in VideoQuery.model_fields}
    addresses = [parse_source(text) for text in arguments.sources]
    live = [address for address in addresses if address.kind not in ("file", "folder")]
    plans = {} if arguments.cameras is None else load_cameras(arguments.cameras)
    if len(live) < len(addresses) and (live or plans):
        raise InvalidRequest("Files end and cameras do not: watch them with two commands.")
    if not addresses and not plans:
        raise InvalidRequest("There is nothing to watch.")
    paths = [Path(address.location) for address in addresses if address not in live]
    folder = arguments.save and PictureFolder(arguments.save, paths)
    if live or plans:
        plans |= {plan.name: plan for plan in (_plan(address, asked) for address in live)}
        named = {address.host for address in live if address.is_url}
        return watch_cameras(plans, settings, named=named, as_json=arguments.json, folder=folder)
    return _watch_files(addresses, settings, VideoQuery.model_validate(asked), arguments, folder)


def _plan(address: SourceAddress, asked: dict[str, object]) -> CameraPlan:
    """A camera that is called by its address."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", str(address).partition("://")[2] or str(address))
    config = CameraConfig.model_validate({**asked, "source": address.location})
    return CameraPlan(name.strip("-"), config, address)


def _watch_files(
    addresses: list[SourceAddress],
    settings: Settings,
    query: VideoQuery,
    arguments: argparse.Namespace,
    folder: PictureFolder | None,
) -> int:
    pipeline = build_pipeline(settings, resolve_weights(settings), threads=usable_processors(1))
    table = Table("file", "plate", "confidence", "format", "from", "to", "reads", "direction")
    failed = 0
    for address in addresses:
        try:
            failed += _watch(
                address,
                pipeline=pipeline,
                settings=settings,
                query=query,
                arguments=arguments,
                table=table,
                folder=folder,
            )
        except AlprError as error:
            failed += 1
            print(f"{address}: {error}", file=sys.stderr)
    if not arguments.json:
        Console().print(table)
    return 1 if failed else 0


def _watch(
    address: SourceAddress,
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
    path = Path(address.location)
    with (
        _opened(address, query.frames_a_second(settings), settings.max_pixels) as source,
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


def _opened(address: SourceAddress, fps: float, max_pixels: int) -> FileSource | FolderSource:
    kind = FolderSource if address.kind == "folder" else FileSource
    return kind(Path(address.location), fps=fps, max_pixels=max_pixels)


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
