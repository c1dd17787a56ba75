"""`models`: fetch and list the networks of the hub."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from app.config import Settings
from app.errors import AlprError
from app.weights.fetch import Progress as Report
from app.weights.fetch import fetch
from app.weights.files import WeightFile
from app.weights.hub import DEFAULT_PAIR, HUB_MODELS, hub_model


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="what is known, present and verified")
    listing.set_defaults(action=list_models)
    fetching = actions.add_parser("fetch", help="download into the model directory, verified")
    fetching.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        default=DEFAULT_PAIR,
        help=f"hub names (default: {' and '.join(DEFAULT_PAIR)})",
    )
    fetching.set_defaults(action=fetch_models)


def run(arguments: argparse.Namespace) -> int:
    status: int = arguments.action(arguments)
    return status


def list_models(arguments: argparse.Namespace) -> int:
    directory = Settings().model_dir
    table = Table("model", "kind", "file", "state", title=f"Hub weights in {directory}")
    for model in HUB_MODELS.values():
        for file in model.files:
            table.add_row(model.name, model.kind, file.name, _state(file, directory))
    Console().print(table)
    return 0


def _state(file: WeightFile, directory: Path) -> str:
    path = directory / file.name
    if not path.is_file():
        return "absent"
    return "verified" if file.is_intact(path) else "damaged"


def fetch_models(arguments: argparse.Namespace) -> int:
    """Fetch each network; those that fail are reported and do not stop the others."""
    directory = Settings().model_dir
    models = [hub_model(name) for name in arguments.names]
    console = Console(stderr=True)
    failed = 0
    for file in (file for model in models for file in model.files):
        try:
            with _progress(file, console) as report:
                path = fetch(file, directory, report)
        except AlprError as error:
            console.print(f"error: {error}", markup=False, highlight=False)
            failed += 1
        else:
            console.print(f"{path} verified", markup=False, highlight=False)
    return 1 if failed else 0


@contextmanager
def _progress(file: WeightFile, console: Console) -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=console, transient=True) as bar:
        task = bar.add_task(file.name, total=file.size)
        yield lambda had, total: bar.update(task, completed=had, total=total)
