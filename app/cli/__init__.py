"""The command line: one module for each command, imported when it is called."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from pydantic import ValidationError

from app import __version__
from app.errors import AlprError, NotInstalled

COMMANDS = {
    "serve": ("app.cli.serve", "run the service"),
    "predict": ("app.cli.predict", "read pictures from disk"),
    "watch": ("app.cli.watch", "read the vehicles that pass, in files or before cameras"),
    "redact": ("app.cli.redact", "write pictures again without their plates"),
    "models": ("app.cli.models", "fetch and list hub weights"),
    "settings": ("app.cli.settings", "list every setting (Markdown)"),
    "evaluate": ("app.lab.evaluation.evaluate", "measure accuracy on pictures of known plates"),
    "compare": ("app.lab.evaluation.compare", "what changed between two evaluations"),
    "benchmark": ("app.lab.benchmark.command", "compare with the article's server"),
    "quantize": ("app.lab.quantization.command", "make INT8 networks and measure them"),
}
"""Module and purpose of each. A module has `configure(parser)`, which adds the arguments, and
`run(arguments)`, which returns the exit status."""

WORKSHOP = "app.lab"
WORKSHOP_REQUIREMENTS = "requirements-eval.txt"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Expected failures are one line on standard error and status 2."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(
        prog="python -m app", description="Automatic number-plate recognition for New Zealand."
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    chosen = next((word for word in given if not word.startswith("-")), None)
    try:
        for name, (module, purpose) in COMMANDS.items():
            subparser = subparsers.add_parser(name, help=purpose)
            if name == chosen:
                command = _load(module)
                subparser.set_defaults(run=command.run)
                command.configure(subparser)
        parsed = parser.parse_args(given)
        if chosen != "serve":  # which logs it
            settings = importlib.import_module("app.config.variables")
            for warning in settings.unknown_variables(os.environ):
                print(f"warning: {warning}", file=sys.stderr)
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


def _load(module: str) -> ModuleType:
    """Import a command. Raises NotInstalled for the workshop, or what it needs, where absent."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing == WORKSHOP:
            raise NotInstalled(
                "this installation has no workshop (app/lab): run it in a checkout"
            ) from error
        if module.startswith(WORKSHOP) and not missing.startswith("app"):
            package = missing.partition(".")[0]
            raise NotInstalled(
                f"{package} is not installed: pip install -r {WORKSHOP_REQUIREMENTS}"
            ) from error
        raise
