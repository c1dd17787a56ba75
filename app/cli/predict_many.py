"""`predict --ray`: read pictures on a cluster, into a folder that a later run goes on with."""

import argparse
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from app.cluster.job import connect, disconnect, make_job, read_parts
from app.cluster.places import Place, find_pictures
from app.cluster.plan import Part, check_job, plan_parts, unfinished
from app.cluster.reading import PartRead
from app.config import Settings
from app.config.reading import ReadingSettings
from app.config.weights import WeightsSettings
from app.errors import InvalidRequest
from app.options import ReadQuery
from app.weights.resolve import resolve_weights


def run(arguments: argparse.Namespace, addresses: Sequence[str]) -> int:
    """Read what is not yet there; status 1 where a part could not be read, for another run.

    Raises InvalidRequest, OSError.
    """
    if len(addresses) < 2:
        raise InvalidRequest("Give where the pictures are, and the folder for the rows.")
    *sources, target = addresses
    settings, output = Settings(), Place(target)
    query = ReadQuery.model_validate({n: getattr(arguments, n) for n in ReadQuery.model_fields})
    pictures = [picture for source in sources for picture in find_pictures(source)]
    check_job(output, {"format": arguments.format, **_asked(settings, query)})
    output.sweep()
    parts = plan_parts(output, pictures, size=arguments.part)
    if not parts:
        raise InvalidRequest(f"No picture in {', '.join(sources)}.")
    waiting = unfinished(output, parts, arguments.format)
    if not waiting:
        print("every picture has its row", file=sys.stderr)
        return 0
    connect()
    try:
        job = make_job(
            output.address,
            arguments.format,
            settings,
            query.options(settings),
            gpu_share=arguments.gpu_share,
        )
        failed = _follow(read_parts(job, waiting), parts, waiting)
    finally:
        disconnect()
    left = unfinished(output, parts, arguments.format)
    print(f"{failed} pictures could not be read; their rows say why", file=sys.stderr)
    if left:
        numbers = ", ".join(str(part.number) for part in left[:8])
        print(f"{len(left)} parts failed ({numbers}); run it again", file=sys.stderr)
    return 1 if left else 0


def _asked(settings: Settings, query: ReadQuery) -> dict[str, object]:
    """What decides the rows."""
    decisive = (*ReadingSettings.model_fields, *WeightsSettings.model_fields)
    chosen = {name: value for name, value in query.model_dump().items() if value is not None}
    weights = resolve_weights(settings)
    networks = {"detector": weights.detector.name, "ocr": weights.ocr.name}
    return {**{name: getattr(settings, name) for name in decisive}, **chosen, **networks}


def _follow(read: Iterable[PartRead], parts: Sequence[Part], waiting: Sequence[Part]) -> int:
    """Show how it goes on; how many pictures could not be read."""
    failed = 0
    total = sum(len(part.pictures) for part in parts)
    columns = *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        done = total - sum(len(part.pictures) for part in waiting)
        task = bar.add_task("reading", total=total, completed=done)
        for part in read:
            failed += part.failed
            bar.advance(task, part.pictures)
    return failed
