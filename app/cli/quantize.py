"""`quantize`: make INT8 versions of the pair in use and measure them."""

import argparse
from pathlib import Path
from typing import Any

from app.cli.evaluate import load


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "quantize",
        help="make INT8 versions of the networks and measure them",
        description="DATASET is a labelled folder as for `evaluate`. Half of its photos calibrate, "
        "the other half measures.",
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    parser.add_argument("out", type=Path, metavar="DIR", help="where the INT8 networks go")
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE")
    parser.add_argument(
        "--calibration", type=int, default=100, help="pictures to calibrate on (default 100)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make, measure, print. Raises AlprError."""
    status: int = load("app.lab.quantization.command").run(arguments)
    return status
