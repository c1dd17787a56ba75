"""`compare`: what changed between two evaluations."""

import argparse
from pathlib import Path
from typing import Any

from app.cli.evaluate import load


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "compare",
        help="what changed between two evaluations",
        description="A and B are files of evaluate --json on the same data: the state before and "
        "the one after.",
    )
    parser.add_argument("a", type=Path, metavar="A.json")
    parser.add_argument("b", type=Path, metavar="B.json")
    parser.add_argument("--list", action="store_true", help="list every plate fixed or broken")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all changes")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print and write the changes. Raises EvaluationError."""
    status: int = load("app.lab.evaluation.compare").run(arguments)
    return status
