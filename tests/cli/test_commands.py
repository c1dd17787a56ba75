"""Commands are imported when they are called, and say what they miss."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import COMMANDS, main
from tests.conftest import REPOSITORY


def python(program: str, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: python -m app {name}" in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(purpose in shown for _, purpose in COMMANDS.values())


@pytest.mark.parametrize(
    ("program", "heavy"),
    [
        ("import app.cli", ("cv2", "fastapi", "onnxruntime", "app.lab")),
        ("import app.main, app.cli.serve", ("app.lab", "matplotlib", "rapidfuzz")),
    ],
)
def test_nothing_is_imported_before_it_is_needed(program: str, heavy: tuple[str, ...]) -> None:
    done = python(f"import sys\n{program}\nprint([m for m in {heavy} if m in sys.modules])")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_an_image_has_no_workshop_and_says_so(tmp_path: Path) -> None:
    shutil.copytree(
        REPOSITORY / "app", tmp_path / "app", ignore=shutil.ignore_patterns("lab", "__pycache__")
    )
    program = "import sys\nfrom app.cli import main\nsys.exit(main({}))"
    for command in ("evaluate", "compare", "benchmark", "quantize"):
        done = python(program.format([command, "x", "y"]), tmp_path)
        assert done.returncode == 2
        assert done.stderr == (
            "error: this installation has no workshop (app/lab): run it in a checkout\n"
        )
    listed = python(program.format(["settings"]), tmp_path)
    assert listed.returncode == 0
    assert "ALPR_PORT" in listed.stdout
    assert python("import app.main", tmp_path).returncode == 0
