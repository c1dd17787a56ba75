"""Every answer is one that the OpenAPI document promises."""

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.servers import ENDLESS, Server

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_documented(server: Server, mode: GenerationMode) -> None:
    """Data as the document asks for it, and data that it forbids."""
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    operations = [
        operation
        for result in schema.get_all_operations()
        if isinstance(result, Ok) and (operation := result.ok()).path not in ENDLESS
    ]
    assert len(operations) >= 8
    tried = 0

    for operation in operations:

        @settings(
            max_examples=8,
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
            case.call_and_validate(checks=CHECKS, timeout=30)

        try:
            answers()
        except (schemathesis.errors.InvalidSchema, Unsatisfiable):
            assert mode is GenerationMode.NEGATIVE  # nothing is forbidden to it
    assert tried >= 50


def test_the_errors_of_every_route_are_documented(server: Server) -> None:
    paths = requests.get(f"{server.url}/openapi.json", timeout=10).json()["paths"]
    for path in ("/predict/file", "/predict/url", "/predict/batch"):
        operation = paths[path]["post"]
        assert set(operation["responses"]) >= {"200", "400", "401", "413", "415", "422", "503"}
        assert operation["requestBody"]["required"]
        error = operation["responses"]["400"]["content"]["application/json"]["schema"]
        assert error == {"$ref": "#/components/schemas/ErrorBody"}
    for path in ("/health", "/health/live", "/health/ready", "/metrics", "/"):
        assert "get" in paths[path]
