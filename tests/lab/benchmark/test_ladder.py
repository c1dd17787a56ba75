"""The measurement of a smaller first look."""

from pathlib import Path

import pytest

from app.lab.benchmark import ladder


def test_counts_what_each_look_reads(
    tmp_path: Path,
    car_jpeg: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "ABC123.jpg").write_bytes(car_jpeg)
    (tmp_path / "ZZZ999.jpg").write_bytes(car_jpeg)  # a label that is wrong
    monkeypatch.setattr("sys.argv", ["ladder", str(tmp_path)])
    ladder.main()
    told = capsys.readouterr().out
    assert " 2 of 2 " in told  # from 0.9 on
    assert {line.split("│")[3].strip() for line in told.splitlines() if " of 2 " in line} == {"1"}
    assert "0.44" in told
