"""What the manifests render to is what the three newest versions of Kubernetes accept."""

import functools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from kubernetes_validate import utils as kubernetes_validate  # type: ignore[import-untyped]
from packaging.version import Version

from tests.deploy.dockerfiles import REPOSITORY
from tests.deploy.kubernetes.manifests import (
    KUBERNETES,
    Object,
    container,
    name,
    of_kind,
    render,
    settings,
)

VERSIONS = sorted(set(kubernetes_validate.all_versions()), key=Version)[-3:]
CUSTOM = {
    schema["properties"]["kind"]["const"]: schema
    for schema in (
        json.loads(file.read_text()) for file in (Path(__file__).parent / "crds").iterdir()
    )
}
UNKNOWN = {"RayService", "PodMonitor", "ExternalSecret"}
"""Kinds without a schema here, which tests of their own look at."""
FOLDERS = sorted(
    file.parent
    for file in KUBERNETES.rglob("kustomization.yaml")
    if yaml.safe_load(file.read_text())["kind"] == "Kustomization"
)


@pytest.fixture(scope="module", autouse=True)
def _schemas_are_read_once() -> Iterator[None]:
    """They are megabytes, which kubernetes-validate reads again for each object."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(kubernetes_validate.schema_contents)
        patch.setattr(kubernetes_validate, "schema_contents", once)
        yield


def check(objects: list[Object], version: str) -> None:
    assert objects
    for found in objects:
        if found["kind"] in CUSTOM:
            jsonschema.validate(found, CUSTOM[found["kind"]])
        elif found["kind"] not in UNKNOWN:
            kubernetes_validate.validate(found, version, strict=True)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_kustomization_renders_what_kubernetes_accepts(folder: Path) -> None:
    objects = render(folder)
    for version in VERSIONS:
        check(objects, version)
    identities = [(found["kind"], name(found)) for found in objects]
    assert len(identities) == len(set(identities))


def test_components_render_what_kubernetes_accepts(everything: list[Object]) -> None:
    for version in VERSIONS:
        check(everything, version)
    assert {"Ingress", "Secret"} <= {found["kind"] for found in everything}


@pytest.mark.parametrize(
    "component", ["autoscaling", "autoscaling-cpu", "store", "external-secrets", "ingress"]
)
def test_component_goes_with_the_base(component: str, tmp_path: Path) -> None:
    copy = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, copy)
    overlay = copy / "overlays" / "one"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: nz-alpr\n"
        f"resources: [../../base]\ncomponents: [../../components/{component}]\n"
    )
    check(render(overlay), VERSIONS[-1])


def test_overlay_of_the_documentation_works(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs" / "kubernetes.md").read_text()
    example = re.search(r"```yaml\n(# kustomization\.yaml\n.*?)```", text, re.DOTALL)
    assert example is not None
    (tmp_path / "kustomization.yaml").write_text(example[1])
    for part in ("kubernetes", "grafana"):
        shutil.copytree(REPOSITORY / "deploy" / part, tmp_path / "nz-alpr" / "deploy" / part)
    objects = render(tmp_path)
    check(objects, VERSIONS[-1])
    assert container(objects)["image"].startswith("registry.ours.nz/")
    assert (settings(objects).detail, settings(objects).store) == ("high", "on")


def test_a_wrong_field_is_found() -> None:
    """Otherwise the tests above could not fail."""
    service = of_kind(render(KUBERNETES / "base"), "Service")[0]
    service["spec"]["port"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        check([service], VERSIONS[-1])
    monitor = of_kind(render(KUBERNETES / "monitoring"), "ServiceMonitor")[0]
    monitor["spec"]["endpoints"][0]["intervall"] = "15s"
    with pytest.raises(jsonschema.ValidationError):
        check([monitor], VERSIONS[-1])
