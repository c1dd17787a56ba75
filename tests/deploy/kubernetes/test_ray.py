"""The overlay for KubeRay: its RayService, which has no schema here, and what surrounds it."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from kubernetes_validate import utils as kubernetes_validate  # type: ignore[import-untyped]

from app import __version__
from app.cli.serve_ray import node_environment
from app.config import Settings
from app.config.variables import unknown_variables
from tests.cluster.nodes import SERVE_FILE
from tests.deploy.dockerfiles import REPOSITORY
from tests.deploy.kubernetes.manifests import KUBERNETES, Object, name, of_kind, render, the

FIELDS = {
    "": {"upgradeStrategy", "serveService", "serveConfigV2", "rayClusterConfig"}
    | {"excludeHeadPodFromServeSvc"},
    "rayClusterConfig": {"suspend", "managedBy", "authOptions", "autoscalerOptions", "rayVersion"}
    | {"headServiceAnnotations", "enableInTreeAutoscaling", "gcsFaultToleranceOptions"}
    | {"headGroupSpec", "workerGroupSpecs"},
    "autoscalerOptions": {"resources", "image", "imagePullPolicy", "securityContext", "env"}
    | {"idleTimeoutSeconds", "upscalingMode", "envFrom", "volumeMounts", "version"},
    "headGroupSpec": {"template", "headService", "enableIngress", "resources", "labels"}
    | {"rayStartParams", "serviceType"},
    "workerGroupSpecs": {"suspend", "groupName", "replicas", "minReplicas", "maxReplicas"}
    | {"idleTimeoutSeconds", "resources", "labels", "rayStartParams", "template"}
    | {"scaleStrategy", "numOfHosts"},
}
"""What `ray.io/v1` has: https://docs.ray.io/en/latest/cluster/kubernetes/references/api.html."""


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return render(KUBERNETES / "overlays" / "ray")


@pytest.fixture(scope="module")
def service(objects: list[Object]) -> Object:
    found = the(objects, "RayService")
    assert found["apiVersion"] == "ray.io/v1"
    return dict(found["spec"])


@pytest.fixture(scope="module")
def cluster(service: Object) -> Object:
    return dict(service["rayClusterConfig"])


@pytest.fixture(scope="module")
def templates(cluster: Object) -> list[Object]:
    """Of the head's pod and of the workers'."""
    (workers,) = cluster["workerGroupSpecs"]
    return [cluster["headGroupSpec"]["template"], workers["template"]]


def test_fields_are_those_of_kuberay(service: Object, cluster: Object) -> None:
    (workers,) = cluster["workerGroupSpecs"]
    assert service.keys() <= FIELDS[""]
    assert cluster.keys() <= FIELDS["rayClusterConfig"]
    for part in ("autoscalerOptions", "headGroupSpec"):
        assert cluster[part].keys() <= FIELDS[part]
    assert workers.keys() <= FIELDS["workerGroupSpecs"]
    assert cluster["authOptions"] == {"mode": "token"}
    for group in (cluster["headGroupSpec"], workers):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_pods_are_what_kubernetes_accepts(templates: list[Object]) -> None:
    for template in templates:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, **template}
        pod["metadata"] = {**template["metadata"], "name": "one"}
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)


def test_serve_file_is_that_of_one_machine(service: Object) -> None:
    assert service["serveConfigV2"] == SERVE_FILE.read_text()


def test_nodes_have_the_environment_and_settings(
    objects: list[Object], templates: list[Object]
) -> None:
    maps = {name(found): found["data"] for found in of_kind(objects, "ConfigMap")}
    settings = {}
    for template in templates:
        (container,) = template["spec"]["containers"]
        given = [maps[source["configMapRef"]["name"]] for source in container["envFrom"]]
        settings, environment = given
        assert environment == node_environment(SERVE_FILE.with_name("environment"))
    assert unknown_variables(settings) == []
    keys = Settings.model_validate(
        {key.removeprefix("ALPR_").lower(): value for key, value in settings.items()}
    ).api_keys_file
    for template in templates:
        (container,) = template["spec"]["containers"]
        assert str(keys).startswith(container["volumeMounts"][0]["mountPath"])


def test_port_is_that_of_the_file(templates: list[Object]) -> None:
    """KubeRay finds it by its name."""
    port = yaml.safe_load(SERVE_FILE.read_text())["http_options"]["port"]
    for template in templates:
        (container,) = template["spec"]["containers"]
        assert {"name": "serve", "containerPort": port} in container["ports"]


def test_pods_may_do_as_little_as_others(templates: list[Object], cluster: Object) -> None:
    """The namespace enforces `restricted`, for the autoscaler beside the head too."""
    containers = [template["spec"]["containers"][0] for template in templates]
    for container in (*containers, cluster["autoscalerOptions"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    for template in templates:
        assert template["spec"]["securityContext"]["runAsNonRoot"] is True
        assert template["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (head, workers) = (template["spec"] for template in templates)
    assert workers["automountServiceAccountToken"] is False
    assert "automountServiceAccountToken" not in head, "its autoscaler asks for pods"


def test_a_replica_has_a_pod_to_itself(cluster: Object, templates: list[Object]) -> None:
    (application,) = yaml.safe_load(SERVE_FILE.read_text())["applications"]
    (deployment,) = application["deployments"]
    (workers,) = cluster["workerGroupSpecs"]
    assert deployment["max_replicas_per_node"] == 1
    assert workers["maxReplicas"] >= deployment["autoscaling_config"]["max_replicas"]
    assert workers["minReplicas"] >= deployment["autoscaling_config"]["min_replicas"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    resources = templates[1]["spec"]["containers"][0]["resources"]
    assert int(resources["limits"]["cpu"]) >= deployment["ray_actor_options"]["num_cpus"]


def test_workers_are_selected_by_what_they_have(
    objects: list[Object], cluster: Object, templates: list[Object]
) -> None:
    """KubeRay adds `ray.io/group` and `ray.io/node-type`."""
    (workers,) = cluster["workerGroupSpecs"]
    labels = {
        **templates[1]["metadata"]["labels"],
        **{"ray.io/group": workers["groupName"], "ray.io/node-type": "worker"},
    }
    head = {**templates[0]["metadata"]["labels"], "ray.io/node-type": "head"}
    selectors = {
        f"{found['kind']} {name(found)}": found["spec"].get(
            "selector", found["spec"].get("podSelector")
        )["matchLabels"]
        for found in of_kind(objects, "NetworkPolicy", "PodDisruptionBudget", "PodMonitor")
    }
    assert len(selectors) == 4
    for found, selector in selectors.items():
        chosen = head if found == "NetworkPolicy nz-alpr-head-ray" else labels
        assert selector.items() <= chosen.items(), found


def test_metrics_get_the_names_that_alerts_ask_for(
    objects: list[Object], templates: list[Object]
) -> None:
    monitor = the(objects, "PodMonitor")["spec"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    (rename,) = endpoint["metricRelabelings"]
    assert (
        re.fullmatch(rename["regex"], "ray_alpr_requests_total").expand(  # type: ignore[union-attr]
            rename["replacement"].replace("$", "\\")
        )
        == "alpr_requests_total"
    )
    (container,) = templates[1]["spec"]["containers"]
    assert endpoint["port"] in {port["name"] for port in container["ports"]}
    assert monitor["jobLabel"] in templates[1]["metadata"]["labels"]


def test_image_and_versions_are_those_that_are_pinned(
    cluster: Object, templates: list[Object]
) -> None:
    images = {template["spec"]["containers"][0]["image"] for template in templates}
    assert images == {f"registry.example.nz/nz-alpr:{__version__}-ray"}
    pins = (REPOSITORY / "requirements-ray.txt").read_text()
    assert f"\nray=={cluster['rayVersion']} " in pins


def test_the_image_names_what_is_in_it() -> None:
    lines = (SERVE_FILE.parent / "Dockerfile").read_text().replace("\\\n", " ")
    variables = dict(
        pair.split("=", 1) for pair in shlex.split(re.findall(r"^ENV (.*)$", lines, re.M)[0])
    )
    root = Path(variables["PYTHONPATH"])
    haproxy = Path(variables["RAY_SERVE_HAPROXY_BINARY_PATH"]).relative_to(root)
    assert (REPOSITORY / haproxy).stat().st_mode & 0o111
    kept = (SERVE_FILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (\S+) ", lines, re.M)
    assert [f"!{source}" for source in copied] == [line for line in kept if line[0] == "!"]
