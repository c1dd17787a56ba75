"""What the pods of each overlay are given is what the service asks for."""

import re
from pathlib import PurePosixPath

import pytest

from app import __version__
from app.api.application import create_app
from app.config import Settings
from app.config.variables import unknown_variables
from tests.deploy.dockerfiles import Stage, stages
from tests.deploy.kubernetes.manifests import (
    Object,
    container,
    name,
    of_kind,
    pod,
    settings,
    strings,
    the,
    variables,
    workload,
)

BYTES = {"Mi": 1 << 20, "Gi": 1 << 30}
READING = 512 << 20
"""Bytes for Python, the networks and what they compute, with two workers."""
COPIES = 2
"""Of a picture's pixels at a time: as decoded, and turned or cut."""


def quantity(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", text).groups()  # type: ignore[union-attr]
    return int(number) * BYTES[unit]


@pytest.fixture
def image(overlay: str) -> Stage:
    return stages("Dockerfile.gpu" if overlay == "gpu" else "Dockerfile")[-1]


@pytest.fixture(scope="module")
def paths() -> set[str]:
    """Of the routes that are always there."""
    return set(create_app(Settings.model_validate({"auth": "off"})).openapi()["paths"])


def test_variables_are_settings(objects: list[Object]) -> None:
    given = variables(objects)
    assert given
    assert unknown_variables(given) == []
    assert {key for key in given if not key.startswith("ALPR_")} <= {
        "AWS_ENDPOINT_URL_S3",
        "AWS_REGION",
    }
    settings(objects)


def test_what_the_image_sets_is_set_alike(objects: list[Object], image: Stage) -> None:
    given = variables(objects)
    assert {key: given.get(key) for key in image.environment if key.startswith("ALPR_")} == {
        key: value for key, value in image.environment.items() if key.startswith("ALPR_")
    }


def test_image_is_that_of_this_version(objects: list[Object], overlay: str) -> None:
    kind = "gpu" if overlay == "gpu" else "cpu"
    assert container(objects)["image"] == f"registry.example.nz/nz-alpr:{__version__}-{kind}"


def test_probes_ask_routes_of_the_service(objects: list[Object], paths: set[str]) -> None:
    port = container(objects)["ports"][0]["name"]
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container(objects)[kind]["httpGet"]
        assert asked["path"] in paths
        assert asked["port"] == port


def test_pod_is_taken_out_long_before_it_is_restarted(objects: list[Object]) -> None:
    readiness, liveness = (
        container(objects)[kind]["periodSeconds"] * container(objects)[kind]["failureThreshold"]
        for kind in ("readinessProbe", "livenessProbe")
    )
    assert readiness <= 15
    assert liveness >= 10 * settings(objects).deadline


def test_ports_are_those_of_the_service(objects: list[Object], image: Stage) -> None:
    (port,) = container(objects)["ports"]
    (open_port,) = the(objects, "Service")["spec"]["ports"]
    assert port["containerPort"] == settings(objects).port == int(image.last("EXPOSE"))
    assert open_port["port"] == port["containerPort"]
    assert open_port["targetPort"] == open_port["name"] == port["name"]


def test_stopping_waits_for_what_was_accepted(objects: list[Object]) -> None:
    asked = settings(objects)
    assert pod(objects)["terminationGracePeriodSeconds"] > asked.stop_seconds
    readiness = container(objects)["readinessProbe"]
    assert asked.drain_seconds >= readiness["periodSeconds"] * readiness["failureThreshold"]


def test_processors_are_whole_and_no_more_than_asked_for(objects: list[Object]) -> None:
    resources = container(objects)["resources"]
    assert resources["limits"]["cpu"] == resources["requests"]["cpu"]
    assert int(resources["limits"]["cpu"]) >= 1


def test_memory_has_room_for_what_is_accepted(objects: list[Object]) -> None:
    resources, asked = container(objects)["resources"], settings(objects)
    workers = int(resources["limits"]["cpu"])
    pixels = workers * asked.max_pixels * 3 * COPIES
    assert quantity(resources["limits"]["memory"]) > READING + asked.body_bytes_limit + pixels
    assert quantity(resources["requests"]["memory"]) > READING


def test_disk_has_room_for_what_is_accepted(objects: list[Object]) -> None:
    asked = settings(objects)
    sizes = {
        volume["name"]: quantity(volume["emptyDir"]["sizeLimit"])
        for volume in pod(objects)["volumes"]
        if "emptyDir" in volume
    }
    assert sizes["temporary"] > asked.max_videos * asked.max_video_bytes
    limit = quantity(container(objects)["resources"]["limits"]["ephemeral-storage"])
    assert limit > sum(sizes.values())
    for claim in workload(objects)["spec"].get("volumeClaimTemplates", ()):
        room = quantity(claim["spec"]["resources"]["requests"]["storage"])
        assert room > asked.store_backlog_bytes


def test_mounts_are_of_volumes_of_the_pod(objects: list[Object]) -> None:
    claims = workload(objects)["spec"].get("volumeClaimTemplates", ())
    volumes = {volume["name"] for volume in pod(objects)["volumes"]} | {
        name(claim) for claim in claims
    }
    assert {mount["name"] for mount in container(objects)["volumeMounts"]} == volumes


def test_paths_are_on_volumes(objects: list[Object], image: Stage) -> None:
    """On the read-only file system of the image nothing could be written, and nothing is there."""
    mounts = {
        PurePosixPath(mount["mountPath"]): mount.get("readOnly", False)
        for mount in container(objects)["volumeMounts"]
    }
    assert mounts[PurePosixPath("/tmp")] is False
    asked = settings(objects)
    for path in (asked.api_keys_file, asked.cameras_file):
        assert path is None or mounts[PurePosixPath(path.parent)] is True
    if asked.store == "on":
        assert mounts[PurePosixPath(asked.store_path)] is False
    assert not any(path.is_relative_to(image.last("WORKDIR")) for path in mounts)


def test_pod_is_confined(objects: list[Object], image: Stage) -> None:
    user, _, group = image.last("USER").partition(":")
    security = pod(objects)["securityContext"]
    assert security["runAsNonRoot"] is True
    assert (security["runAsUser"], security["runAsGroup"]) == (int(user), int(group))
    assert security["fsGroup"] == int(group)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(objects)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(objects)["automountServiceAccountToken"] is False
    assert the(objects, "ServiceAccount")["automountServiceAccountToken"] is False
    labels = the(objects, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_no_service_gives_a_variable(objects: list[Object]) -> None:
    """A Service `alpr` beside it would be ALPR_PORT=tcp://..., with which nothing starts."""
    assert pod(objects)["enableServiceLinks"] is False


def test_what_is_selected_is_there(objects: list[Object]) -> None:
    template = workload(objects)["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    selectors = [
        the(objects, "Service")["spec"]["selector"],
        workload(objects)["spec"]["selector"]["matchLabels"],
        the(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        *(
            found["spec"]["podSelector"]["matchLabels"]
            for found in of_kind(objects, "NetworkPolicy")
        ),
        *(
            spread["labelSelector"]["matchLabels"]
            for spread in template["spec"]["topologySpreadConstraints"]
        ),
    ]
    for selector in selectors:
        assert selector.keys() == {"app.kubernetes.io/name", "app.kubernetes.io/component"}
        assert selector.items() <= labels


def test_what_is_named_is_there(objects: list[Object]) -> None:
    workloads = {(found["kind"], name(found)) for found in objects}
    assert ("ServiceAccount", pod(objects)["serviceAccountName"]) in workloads
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) in workloads
        assert "replicas" not in workload(objects)["spec"]  # it would be set back at each apply
        assert scaler["spec"]["minReplicas"] >= 2
    if workload(objects)["kind"] == "StatefulSet":
        assert ("Service", workload(objects)["spec"]["serviceName"]) in workloads
    maps = [
        volume["configMap"]["name"] for volume in pod(objects)["volumes"] if "configMap" in volume
    ]
    assert {("ConfigMap", one) for one in maps} <= workloads
    assert all(found["metadata"].get("namespace", "nz-alpr") == "nz-alpr" for found in objects)


def test_nodes_and_zones_share_the_pods(objects: list[Object]) -> None:
    spreads = pod(objects)["topologySpreadConstraints"]
    assert {spread["topologyKey"] for spread in spreads} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }


def test_no_secret_is_in_the_repository(objects: list[Object]) -> None:
    assert not of_kind(objects, "Secret")
    assert not any(re.search(r"://[^/\s]+:[^/\s]+@", text) for text in strings(objects))
    assert not {"ALPR_API_KEYS", "ALPR_DATABASE_URL", "AWS_SECRET_ACCESS_KEY"} & {
        *variables(objects)
    }


def test_gpu_has_a_card(objects: list[Object], overlay: str) -> None:
    limits = container(objects)["resources"]["limits"]
    assert limits.get("nvidia.com/gpu") == (1 if overlay == "gpu" else None)
    assert settings(objects).device == ("cuda" if overlay == "gpu" else "cpu")
