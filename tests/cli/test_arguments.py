"""Arguments are checked where they are given, not where they are used."""

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import COMMANDS, main
from app.lab.calibration import command as calibration
from app.lab.synth import cli as synth


def actions(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Every argument of a parser and of its commands, with what it is called from."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action.choices.values():
                yield from actions(choice)
        else:
            yield f"{parser.prog} {action.dest}", action


def test_every_number_has_limits() -> None:
    parsers = [synth._parser(), calibration._parser()]
    for name, (module, _) in COMMANDS.items():
        parsers.append(argparse.ArgumentParser(prog=name))
        importlib.import_module(module).configure(parsers[-1])
    found = dict(entry for parser in parsers for entry in actions(parser))
    assert len(found) > 50
    assert [name for name, action in found.items() if action.type in (int, float)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        *(["serve", "--port=70000"], ["serve", "--port=-1"], ["serve", "--processes=0"]),
        *(["redact", "a.jpg", "--margin=-1"], ["redact", "a.jpg", "--min-confidence=2"]),
        *(["evaluate", "data", "--where=x"], ["evaluate", "data", "--min-confidence=nan"]),
        *(["evaluate", "data", "--worst=-1"], ["quantize", "data", "out", "--where=x"]),
        *(["quantize", "data", "out", "--calibration=0"], ["benchmark", "a", "--rounds=0"]),
        *(["benchmark", "a", "--seconds=0"], ["benchmark", "a", "--seconds=inf"]),
        *(
            ["evaluate", "data", "--min-confidence=-0.1"],
            ["evaluate", "data", "--min-confidence=x"],
        ),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert arguments[-1].partition("=")[0] in line
    assert "error: argument" in line


def test_samples_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.npz").write_text("no samples")
    for name in ("nothing.npz", "text.npz"):
        assert calibration.main([str(tmp_path / name), "--ocr", "x"]) == 1
        assert capsys.readouterr().err.startswith("error: ")


def test_misspelt_settings_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALPR_MAX_PIXEL", "4")
    assert main(["settings"]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "PIXEL" in line]
    assert warnings == [
        "warning: ALPR_MAX_PIXEL is no setting and has no effect; did you mean ALPR_MAX_PIXELS?"
    ]
