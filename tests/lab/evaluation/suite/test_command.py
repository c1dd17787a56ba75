"""`evaluate --suite` with the own networks on what is drawn from nothing."""

import json
import re
from pathlib import Path

import pytest

from app.cli import main
from app.lab.evaluation.suite.sets import SETS


@pytest.fixture
def _weights(light_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in light_environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.slow
@pytest.mark.usefixtures("_weights")
def test_a_run_is_told_kept_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPR_MODEL_DIR", str(tmp_path / "no-hub"))
    history, keep, report = tmp_path / "h.jsonl", tmp_path / "keep", tmp_path / "suite.json"
    arguments = ["evaluate", "--suite", str(tmp_path), "--limit", "2", "--detail", "low"]
    arguments += ["--pairs", "own+own,own+hub", "--history", str(history), "--keep", str(keep)]
    assert main([*arguments, "--json", str(report)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"drawn-vehicles +\| own\+own +\| +2 \| +2, 100\.0 % \[34\.2, 100\.0\]", shown)
    for entry in SETS:
        absent = re.search(rf"\| {entry.name} +\| +\| absent", shown)
        assert (absent is None) == (entry.name == "drawn-vehicles")
    assert re.search(r"\| +\| own\+hub +\| absent", shown)
    assert "own+hub: No model at" in shown

    (kept,) = keep.iterdir()
    result = json.loads(kept.read_text())
    body = json.loads(report.read_text())
    assert body["rows"][0]["outcomes"] == "rr"
    assert body["rows"][0]["provenance"]["options"]["detail"] == "low"
    public = report.read_text() + history.read_text()
    for plate in result["plates"]:
        assert plate["truth"] not in public
    before = history.read_text()

    result["plates"][1]["read"] = None  # a run that is taken up has what was kept
    kept.write_text(json.dumps(result))
    assert main(arguments) == 0
    assert re.search(r"drawn-vehicles +\| own\+own +\| +2 \| +1, 50\.0 %", capsys.readouterr().out)
    history.write_text(before)

    result["created"] = "2100-01-01T00:00:00+00:00"
    kept.write_text(json.dumps(result))
    assert main(arguments) == 0
    drift = r"own\+own +\| .* same +\| +right +\| +2 +\| +2 +\| +1 +\| +0 +\| +1 .*drift"
    assert re.search(drift, capsys.readouterr().out)
    assert len(history.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suite", "--sets", "nowhere"], "error: There is no set nowhere. Known: nz-real,"),
        (["--suite", "--pairs", "hub"], "error: There is no pair hub. Known: own+own,"),
        (["--suite", "--crops"], "error: --crops does not go with --suite."),
        (["--suite", "--min-confidence", "0"], "error: --min-confidence does not go with --suite."),
        (["--suite", "nowhere"], "error: No folder nowhere."),
        (["--limit", "3"], "error: --limit is for --suite."),
        ([".", "--pairs", "own+own"], "error: --pairs is for --suite."),
        ([], "error: Name a DATASET."),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == 2
    assert message in capsys.readouterr().err
