"""Kustomize's folders as the objects that a cluster would get."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Settings
from tests.deploy.dockerfiles import REPOSITORY

KUBERNETES = REPOSITORY / "deploy" / "kubernetes"
Object = dict[str, Any]


def render(folder: Path) -> list[Object]:
    """The objects of a folder with a kustomization, by `kubectl kustomize`."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl here: apt-get install kubernetes-client (Debian 13 or later)")
    done = subprocess.run(
        ["kubectl", "kustomize", folder], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    return [found for found in objects if found["kind"] in kinds]


def the(objects: list[Object], *kinds: str) -> Object:
    """The only object of some kinds."""
    (found,) = of_kind(objects, *kinds)
    return found


def name(found: Object) -> str:
    return str(found["metadata"]["name"])


def workload(objects: list[Object]) -> Object:
    return the(objects, "Deployment", "StatefulSet")


def pod(objects: list[Object]) -> Object:
    """The pod's specification in the workload's template."""
    found: Object = workload(objects)["spec"]["template"]["spec"]
    return found


def container(objects: list[Object]) -> Object:
    (found,) = pod(objects)["containers"]
    return dict(found)


def variables(objects: list[Object]) -> dict[str, str]:
    """The container's environment, as far as it is no secret."""
    used = [source["configMapRef"]["name"] for source in _sources(objects, "configMapRef")]
    maps = {name(found): found["data"] for found in of_kind(objects, "ConfigMap")}
    return {key: value for one in used for key, value in maps[one].items()}


def settings(objects: list[Object]) -> Settings:
    """What the service makes of its environment, with a database where it keeps passes."""
    given = {
        name.removeprefix("ALPR_").lower(): value
        for name, value in variables(objects).items()
        if name.startswith("ALPR_")
    }
    if any(_sources(objects, "secretRef")):
        given["database_url"] = "postgresql://user:password@host/database"
    return Settings.model_validate(given)


def strings(node: object) -> Iterator[str]:
    """Every text in an object, keys included."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def _sources(objects: list[Object], kind: str) -> list[Object]:
    return [source for source in container(objects)["envFrom"] if kind in source]
