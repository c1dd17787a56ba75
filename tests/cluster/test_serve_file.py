"""The files of deploy/ray agree with the code and with each other."""

import ast
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.api.errors import status_of
from app.cli.serve_ray import node_environment
from app.cluster.shared_state import check_shared
from app.config import Settings
from app.errors import InvalidRequest, NotReady
from tests.cluster.nodes import SERVE_FILE
from tests.servers import REPOSITORY


@pytest.fixture(scope="module")
def application() -> dict[str, Any]:
    (application,) = yaml.safe_load(SERVE_FILE.read_text())["applications"]
    return dict(application)


@pytest.fixture(scope="module")
def deployment(application: dict[str, Any]) -> dict[str, Any]:
    (deployment,) = application["deployments"]
    return dict(deployment)


def test_it_deploys_what_the_code_has(
    application: dict[str, Any], deployment: dict[str, Any]
) -> None:
    module, name = application["import_path"].split(":")
    tree = ast.parse((REPOSITORY / f"{module.replace('.', '/')}.py").read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    (constant,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DEPLOYMENT"
    )
    assert ast.literal_eval(constant) == deployment["name"]
    assert application["route_prefix"] == "/"


def test_the_port_is_that_of_the_service() -> None:
    options = yaml.safe_load(SERVE_FILE.read_text())["http_options"]
    assert options == {"host": "0.0.0.0", "port": Settings().port}


def test_the_service_refuses_before_ray_does(deployment: dict[str, Any]) -> None:
    """It knows the way back, and a batch or a probe is no picture to it."""
    settings = Settings()
    assert deployment["max_ongoing_requests"] >= settings.max_connections
    assert deployment["max_ongoing_requests"] > settings.max_in_flight
    assert deployment["backpressure_config"]["status_code"] == status_of(NotReady("")) == 503
    assert deployment["backpressure_config"]["retry_after_s"] >= 1


def test_what_was_accepted_is_finished(deployment: dict[str, Any]) -> None:
    assert deployment["graceful_shutdown_timeout_s"] >= Settings().stop_seconds


def test_a_replica_that_leaves_is_asked_no_more() -> None:
    environment = node_environment(SERVE_FILE.with_name("environment"))
    checks = int(environment["RAY_SERVE_HAPROXY_HEALTH_CHECK_INTER"].removesuffix("s"))
    assert int(environment["RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S"]) > 2 * checks


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "ALPR_API_KEYS"),
        ({"api_keys": "k", "store": "on"}, "ALPR_DATABASE_URL"),
        ({"auth": "off", "cameras_file": "cameras.yml"}, "ALPR_DATABASE_URL"),
    ],
)
def test_what_replicas_cannot_share_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        check_shared(Settings.model_validate(given))


def test_what_they_share_is_not() -> None:
    check_shared(
        Settings.model_validate(
            {
                "api_keys": "k",
                "store": "on",
                "database_url": "postgresql://user:password@host/database",
                "cameras_file": "cameras.yml",
            }
        )
    )


def test_what_haproxy_says_itself_can_be_tried_again(tmp_path: Path) -> None:
    config = tmp_path / "haproxy.cfg"
    config.touch()
    for _ in range(2):  # it is started again on every change
        ran = subprocess.run(
            [SERVE_FILE.with_name("haproxy"), "-db", "-f", config],
            env={**os.environ, "HAPROXY": "echo"},
            check=True,
            capture_output=True,
            text=True,
        )
        assert ran.stdout.split() == ["-db", "-f", str(config)]
    head, body = (tmp_path / "500.http").read_bytes().split(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ") for line in lines)
    assert status == "HTTP/1.1 503 Service Unavailable"
    assert int(headers["Content-Length"]) == len(body)
    assert headers["Retry-After"] == "1"
    assert json.loads(body)["code"] == NotReady.code
