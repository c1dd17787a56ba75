"""What is taken is kept once and told, however often the process is killed."""

from pathlib import Path

import pytest

from tests.passes.crashing import run

PASSES = 300


@pytest.mark.slow
def test_kill_9_at_random(tmp_path: Path, database: str | None) -> None:
    outcome = run(tmp_path, PASSES, database_url=database, seed=1)
    assert outcome.kills > 0
    assert (outcome.kept, outcome.told, outcome.ids) == (PASSES,) * 3
    assert outcome.tries > PASSES
