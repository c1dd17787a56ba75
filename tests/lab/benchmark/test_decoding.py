"""The measurement of decoding at parts of the size."""

import argparse
from pathlib import Path

import pytest

from app.errors import InvalidRequest
from app.lab.benchmark import decoding


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    decoding.configure(parser)
    return decoding.run(parser.parse_args(arguments))


@pytest.mark.slow
def test_each_scale_has_its_time(
    tmp_path: Path, car_jpeg: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "car.jpg").write_bytes(car_jpeg)
    assert run(str(tmp_path), "--repeats", "1") == 0
    rows = [line.split("│") for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert [row[1].strip() for row in rows] == ["enlarged", "with noise"]
    kilobytes, full, *reduced = (int(cell) for cell in rows[1][2:-1])
    assert kilobytes > int(rows[0][2])
    assert full > 0
    assert len(reduced) == 3


def test_without_pictures_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        run(str(tmp_path))
