"""The command line: one module for each command."""

import argparse
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from app import __version__
from app.cli import (
    benchmark,
    compare,
    evaluate,
    models,
    predict,
    quantize,
    redact,
    serve,
    settings,
)
from app.errors import AlprError

COMMANDS = (serve, predict, redact, models, evaluate, compare, benchmark, quantize, settings)
"""Each has `add_parser(subparsers)`, which sets `run`: arguments to exit status."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Expected failures are one line on standard error and status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m app", description="Automatic number-plate recognition for New Zealand."
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    parsed = parser.parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except ValidationError as error:
        for fault in error.errors():
            names = (str(name).upper().removeprefix("ALPR_") for name in fault["loc"])
            variables = ", ".join(f"ALPR_{name}" for name in names)
            print(f"error: {variables or 'settings'}: {fault['msg']}", file=sys.stderr)
        return 2
    except (AlprError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status
