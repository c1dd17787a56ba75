"""The measurement of passes at a steady rate."""

import time
from pathlib import Path

from app.lab.benchmark.sustained import measure


def test_all_are_kept_beside_readings(tmp_path: Path) -> None:
    result = measure(tmp_path / "store", lambda: time.sleep(0.01), rate=50, seconds=0.4)
    assert (result.added, result.kept) == (20, 20)
    assert result.most_waiting <= 20
    assert result.alone > 0
    assert result.beside > 0
