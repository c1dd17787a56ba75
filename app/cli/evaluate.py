"""`evaluate`: measure the service on pictures of known plates."""

import argparse
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from app.lab.errors import RequirementsMissing

REQUIREMENTS = "requirements-eval.txt"
_PACKAGES = frozenset({"rapidfuzz", "matplotlib"})


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "evaluate",
        help="measure accuracy on pictures of known plates",
        description="DATASET is a folder with a labels.csv (file, text, x1, y1, x2, y2, and any "
        "other columns), or one whose file names are the plates. The files written by --json, "
        "--samples and --html name plates: keep them private.",
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    parser.add_argument(
        "--crops",
        action="store_true",
        help="OCR alone: pictures of one plate as they are, others cut along the labelled boxes",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only these rows, e.g. split=test or source!=negatives; may be repeated",
    )
    parser.add_argument(
        "--by", action="append", default=[], metavar="COLUMN", help="another column to break down"
    )
    parser.add_argument(
        "--recall-only",
        action="store_true",
        help="the photos show plates without a label: leave out precision",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures and outcomes")
    parser.add_argument(
        "--samples",
        type=Path,
        metavar="FILE.npz",
        help="write what the OCR saw, for python -m app.lab.calibration; "
        "conditions are those of --by",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with plots")
    parser.add_argument(
        "--worst", type=int, default=24, help="worst cases of each kind in the report (default 24)"
    )
    parser.add_argument("--min-confidence", type=float, help="lowest detection confidence")
    parser.add_argument("--detail", choices=("low", "auto", "high"))
    parser.add_argument("--enhance", choices=("off", "auto", "always"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, write. Raises EvaluationError, ModelError, InferenceError."""
    status: int = load("app.lab.evaluation.evaluate").run(arguments)
    return status


def load(module: str) -> ModuleType:
    """Import a module of the evaluation. Raises RequirementsMissing without its packages."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _PACKAGES:
            raise
        raise RequirementsMissing(
            f"{package} is not installed: pip install -r {REQUIREMENTS}"
        ) from error
