"""Every answer is one that the OpenAPI document promises."""

import pytest
import requests
import schemathesis
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from tests.api.documented import try_operations
from tests.servers import ENDLESS, Server


@pytest.mark.parametrize("examples", [8, pytest.param(15, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_documented(server: Server, mode: GenerationMode, examples: int) -> None:
    """Data as the document asks for it, and data that it forbids."""
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json", timeout=120)
    operations = [
        operation
        for result in schema.get_all_operations()
        if isinstance(result, Ok) and (operation := result.ok()).path not in ENDLESS
    ]
    assert len(operations) >= 8
    assert try_operations(operations, mode, examples=examples) >= 50


def test_the_errors_of_every_route_are_documented(server: Server) -> None:
    paths = requests.get(f"{server.url}/openapi.json", timeout=120).json()["paths"]
    for path in ("/predict/file", "/predict/url", "/predict/batch"):
        operation = paths[path]["post"]
        assert set(operation["responses"]) >= {"200", "400", "401", "413", "415", "422", "503"}
        assert operation["requestBody"]["required"]
        error = operation["responses"]["400"]["content"]["application/json"]["schema"]
        assert error == {"$ref": "#/components/schemas/ErrorBody"}
    for path in ("/health", "/health/live", "/health/ready", "/metrics", "/"):
        assert "get" in paths[path]
