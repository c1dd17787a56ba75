"""Requests that schemathesis draws, and whether their answers are documented."""

from collections.abc import Iterable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def try_operations(operations: Iterable[Any], mode: GenerationMode, *, examples: int) -> int:
    """Fails at the first answer that is not documented; how many requests were sent."""
    tried = 0
    for operation in operations:

        @settings(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers(case: Any) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(checks=CHECKS, timeout=120)

        try:
            answers()
        except (schemathesis.errors.InvalidSchema, Unsatisfiable):
            assert mode is GenerationMode.NEGATIVE  # nothing is forbidden to it
    return tried
