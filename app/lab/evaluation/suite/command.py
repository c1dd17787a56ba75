"""What `evaluate --suite` does."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from app import arguments as types
from app.config import Settings
from app.errors import InvalidRequest, ModelMissing
from app.lab.evaluation.gathering import now
from app.lab.evaluation.suite.history import Change, add, changes, load_history, to_entry
from app.lab.evaluation.suite.measuring import measure_pair
from app.lab.evaluation.suite.pairs import PAIRS, Pair, choose_pairs, settings_of
from app.lab.evaluation.suite.report import SuiteReport, report_json, tables
from app.lab.evaluation.suite.rows import Row, to_row
from app.lab.evaluation.suite.sets import SETS, choose_sets, load_set
from app.weights.resolve import resolve_weights

_WIDTH = 400
"""Columns of a file or pipe, so that no line of a table is broken."""


def configure(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "suite",
        "DATASET is a folder of sets; those that are not in it are told absent. Without it what is "
        "drawn from nothing is read. The history and what --json writes name no plate; what --keep "
        "keeps does.",
    )
    group.add_argument("--suite", action="store_true", help="every set, in one table")
    group.add_argument(
        "--sets",
        type=_words,
        metavar="NAMES",
        help=f"separated by commas, of {', '.join(entry.name for entry in SETS)}",
    )
    group.add_argument(
        "--pairs",
        type=_words,
        metavar="PAIRS",
        help="detector and OCR, separated by commas, of "
        f"{', '.join(map(str, PAIRS))} (default: all); hub are the networks that the settings name",
    )
    group.add_argument("--limit", type=types.count, metavar="N", help="most pictures of a set")
    group.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep each result, and take up a run from there"
    )
    group.add_argument(
        "--history", type=Path, metavar="FILE.jsonl", help="compare with it, and add to it"
    )


_OF_DATASETS = (
    *("crops", "where", "by", "recall_only", "samples", "html"),
    *("min_confidence", "enhance", "fps", "list"),
)
_OF_SUITE = ("sets", "pairs", "limit", "keep", "history")


def refuse_alone(arguments: argparse.Namespace) -> None:
    """Raises InvalidRequest for options of the suite without it."""
    for name in _OF_SUITE:
        if getattr(arguments, name) is not None:
            raise InvalidRequest(f"--{name} is for --suite.")


def run_suite(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print, write. Status 1 if a picture or a clip could not be read."""
    for name in _OF_DATASETS:
        given = getattr(arguments, name)
        if given is not None and given is not False and given != []:
            raise InvalidRequest(f"--{name.replace('_', '-')} does not go with --suite.")
    data: Path | None = arguments.dataset
    if data is not None and not data.is_dir():
        raise InvalidRequest(f"No folder {data}.")
    entries, pairs = choose_sets(arguments.sets), choose_pairs(arguments.pairs)
    history = [] if arguments.history is None else load_history(arguments.history)
    absent_pairs = _absent(pairs, settings)
    rows: list[Row] = []
    found: list[Change] = []
    with TemporaryDirectory(prefix="alpr-suite-") as drawings:
        loaded = {
            entry.name: load_set(entry, data, Path(drawings), arguments.limit) for entry in entries
        }
        present = [one for one in loaded.values() if one is not None]
        for pair in pairs:
            if str(pair) in absent_pairs:
                continue
            results = measure_pair(
                pair, present, settings, detail=arguments.detail, keep=arguments.keep
            )
            for row in map(to_row, results):
                entry = to_entry(row)
                rows.append(row)
                found += changes(history, entry)
                if arguments.history is not None:
                    add(arguments.history, entry, history)
    report = SuiteReport(
        created=now(),
        rows=tuple(sorted(rows, key=lambda row: list(loaded).index(row.set))),
        absent=tuple(name for name, one in loaded.items() if one is None),
        absent_pairs=absent_pairs,
        changes=tuple(found),
    )
    if arguments.json is not None:
        arguments.json.write_bytes(report_json(report))
    _print(report)
    return 1 if any(row.unreadable for row in rows) else 0


def _absent(pairs: list[Pair], settings: Settings) -> dict[str, str]:
    """Why pairs are not here. Raises ModelCorrupt before anything is measured."""
    reasons: dict[str, str] = {}
    for pair in pairs:
        try:
            resolve_weights(settings_of(pair, settings))
        except ModelMissing as error:
            reasons[str(pair)] = str(error)
    return reasons


def _print(report: SuiteReport) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    for pair, reason in report.absent_pairs.items():
        console.print(f"{pair}: {reason}", markup=False)
    for table in tables(report):
        console.print(table)
        console.print()


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
