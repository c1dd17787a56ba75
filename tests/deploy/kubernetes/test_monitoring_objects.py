"""What Prometheus, its adapter and Grafana are given is what the repository has once."""

import json
import re

import promql_parser
import pytest
import yaml

from app.config import Settings
from tests.deploy.dockerfiles import REPOSITORY
from tests.deploy.kubernetes.manifests import (
    KUBERNETES,
    Object,
    container,
    of_kind,
    render,
    settings,
    the,
)
from tests.deploy.test_monitoring import QUERIES, exported, selectors

__all__ = ["exported"]
JOB_LABEL = "app.kubernetes.io/name"


@pytest.fixture(scope="module")
def monitoring() -> list[Object]:
    return render(KUBERNETES / "monitoring")


def test_alerts_are_those_of_prometheus(monitoring: list[Object]) -> None:
    """Otherwise run `make manifests`."""
    alerts = yaml.safe_load((REPOSITORY / "deploy/prometheus/alerts.yml").read_text())
    assert the(monitoring, "PrometheusRule")["spec"] == alerts


def test_dashboard_is_that_of_grafana(monitoring: list[Object]) -> None:
    found = the(monitoring, "ConfigMap")
    file = REPOSITORY / "deploy/grafana/dashboards/nz-alpr.json"
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found["data"]["nz-alpr.json"]) == json.loads(file.read_text())


def test_every_service_is_scraped_as_the_job_of_the_queries(
    monitoring: list[Object], objects: list[Object]
) -> None:
    monitor = the(monitoring, "ServiceMonitor")
    service = the(objects, "Service")
    labels = service["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"]
    assert monitor["spec"]["jobLabel"] == JOB_LABEL
    jobs = {job for query in QUERIES.values() for job in re.findall(r'job="([^"]*)"', query)}
    assert jobs == {labels[JOB_LABEL]}
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] == "/metrics"
    assert settings(objects).metrics_auth == Settings.model_fields["metrics_auth"].default


def test_replicas_follow_a_metric_of_the_service(
    exported: dict[str, set[str]], objects: list[Object], overlay: str
) -> None:
    if overlay == "cameras":
        assert not of_kind(objects, "HorizontalPodAutoscaler")  # one camera more needs a plan
        return
    file = KUBERNETES / "components/autoscaling/prometheus-adapter.yaml"
    (rule,) = yaml.safe_load(file.read_text())["rules"]["custom"]
    (metric,) = the(objects, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] == rule["name"]["as"]
    promql_parser.parse(rule["seriesQuery"])
    query = rule["metricsQuery"].replace("<<.GroupBy>>", "pod")
    found = selectors(query.replace("<<.LabelMatchers>>", 'pod="one"'))
    assert {series for series, _ in found} == {"alpr_budget_in_use", "alpr_budget_limit"}
    assert all({"budget"} < labels <= {"pod", *exported[series]} for series, labels in found)
    assert rule["metricsQuery"].count('budget="pictures"') == 2


def test_load_that_adds_replicas_is_between_busy_and_full(
    objects: list[Object], overlay: str
) -> None:
    if overlay == "cameras":
        return
    (metric,) = the(objects, "HorizontalPodAutoscaler")["spec"]["metrics"]
    load = int(metric["pods"]["target"]["averageValue"].removesuffix("m")) / 1000
    workers = int(container(objects)["resources"]["limits"]["cpu"])
    assert workers < load * settings(objects).max_in_flight
    assert load <= 0.5
