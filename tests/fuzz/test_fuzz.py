"""The fuzz run in short; the long one is `python -m tests.fuzz`."""

import pytest

from tests.fuzz.run import run
from tests.slowness import slowness

REQUESTS = 300
MOST_CPU_MS = 400
"""Of the loop's thread in one turn: what it computes itself does not depend on others' load, only
on the machine."""


@pytest.mark.slow
def test_nothing_that_is_sent_breaks_the_service(weights_environment: dict[str, str]) -> None:
    found = run(REQUESTS, seed=7, environment=weights_environment)
    assert found.failures == []
    assert found.requests >= REQUESTS
    assert found.probes > 0
    assert {"200", "400", "403", "413", "422"} <= set(found.statuses)  # it got everywhere
    assert found.lag["turns"] > 100
    assert found.lag["cpu_ms"] < MOST_CPU_MS * slowness(), found.lag["notes"]
