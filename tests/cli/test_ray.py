"""`serve --ray` and `predict --ray` without what they need."""

import sys
from pathlib import Path

import pytest

from app.cli import main
from tests.cluster.nodes import SERVE_FILE


@pytest.fixture
def _without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the service's own environment, wherever this runs."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "ray" or name in ("app.cluster.job", "app.cli.predict_many"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)  # what import takes for "not there"


@pytest.mark.usefixtures("_without_ray")
@pytest.mark.parametrize(
    "arguments", [["predict", "--ray", "in", "out"], ["serve", "--ray", str(SERVE_FILE)]]
)
def test_what_to_install_is_said(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "error: ray is not installed: pip install -r requirements-ray.txt\n"
    )
