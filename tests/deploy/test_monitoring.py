"""Dashboard and alerts ask for metrics that the service has, in queries that parse."""

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from app.api.metrics import Metrics
from app.config import Settings
from tests.deploy.dockerfiles import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "nz-alpr.json").read_text())
PROVISIONING = DEPLOY / "grafana" / "provisioning"


def alerts() -> dict[str, str]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}


def panel_queries() -> dict[str, str]:
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    }


QUERIES = {**alerts(), **panel_queries()}


@pytest.fixture(scope="module")
def exported() -> dict[str, set[str]]:
    """Labels by the name of each series that Prometheus has of the service."""
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    series = {"up": {"job", "instance"}}
    metrics = Metrics(low_confidence=0.5)
    for metric in (
        *vars(metrics).values(),
        *vars(metrics.cameras).values(),
        *vars(metrics.notify).values(),
    ):
        if not isinstance(metric, MetricWrapperBase):
            continue
        (family,) = metric.describe()
        for suffix in suffixes[family.type]:
            own = {*metric._labelnames, *(("le",) if suffix == "_bucket" else ())}
            series[f"{family.name}{suffix}"] = {"job", "instance", *own}
    return series


def selectors(query: str) -> list[tuple[str, set[str]]]:
    """Each series a query asks for: its name and the labels it is selected by."""
    found: list[tuple[str, set[str]]] = []

    def visit(node: Any) -> None:
        selector = getattr(node, "vector_selector", node)
        if isinstance(selector, promql_parser.VectorSelector):
            labels = {matcher.name for matcher in selector.matchers.matchers}
            found.append((str(selector.name), labels))

    promql_parser.walk(
        promql_parser.parse(re.sub(r"\$__(rate_interval|range)", "5m", query)), visit
    )
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_query_asks_for_series_of_the_service(name: str, exported: dict[str, set[str]]) -> None:
    found = list(selectors(QUERIES[name]))
    assert found
    for series, labels in found:
        assert "job" in labels
        assert labels <= exported[series]


@pytest.mark.parametrize("name", QUERIES)
def test_query_groups_by_labels_that_are_there(name: str, exported: dict[str, set[str]]) -> None:
    groups = re.findall(r"by \(([^)]*)\)", QUERIES[name])
    grouped = {label.strip() for group in groups for label in group.split(",")}
    for series, _ in selectors(QUERIES[name]):
        assert grouped <= exported[series]


@pytest.mark.parametrize(
    "series",
    [
        "up",
        "alpr_http_requests_total",
        "alpr_http_request_duration_seconds_bucket",
        "alpr_inference_duration_seconds_bucket",
        "alpr_stage_duration_seconds_bucket",
        "alpr_predictions_total",
        "alpr_rejected_detections_total",
        "alpr_refused_requests_total",
        "alpr_pictures_running",
        "alpr_pictures_queued",
        "alpr_budget_in_use",
        "alpr_budget_limit",
        "alpr_workers",
        "alpr_workers_stuck",
        "alpr_confidence_score_bucket",
        "alpr_build_info",
        "alpr_model_info",
    ],
)
def test_dashboard_shows(series: str) -> None:
    shown = {name for query in panel_queries().values() for name, _ in selectors(query)}
    assert series in shown


def test_dashboard_reads_the_provisioned_source() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "targets" in panel}
    assert used == {source["uid"]}
    host = re.fullmatch(r"http://([\w-]+):9090", source["url"])
    assert host is not None
    assert host[1] in COMPOSE


def test_dashboard_is_mounted_where_grafana_looks() -> None:
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "nz-alpr.yml").read_text())[
        "providers"
    ]
    folder = provider["options"]["path"]
    assert f"./deploy/grafana/dashboards:{folder}:ro" in COMPOSE["grafana"]["volumes"]
    home = COMPOSE["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{folder}/nz-alpr.json"


def test_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_prometheus_scrapes_the_services_of_the_compose_file() -> None:
    (scrape,) = PROMETHEUS["scrape_configs"]
    (discovery,) = scrape["dns_sd_configs"]
    jobs = {job for query in QUERIES.values() for job in re.findall(r'job="([^"]*)"', query)}
    assert jobs == {scrape["job_name"]}
    assert set(discovery["names"]) == {name for name in COMPOSE if "build" in COMPOSE[name]}
    assert discovery["port"] == Settings.model_fields["port"].default


def test_rule_files_are_beside_the_configuration() -> None:
    assert PROMETHEUS["rule_files"]
    assert all((DEPLOY / "prometheus" / file).is_file() for file in PROMETHEUS["rule_files"])
