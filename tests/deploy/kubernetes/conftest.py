from pathlib import Path

import pytest

from tests.deploy.kubernetes.manifests import KUBERNETES, Object, render

OURS = ("cpu", "gpu", "cameras")
"""Overlays of base/."""


@pytest.fixture(scope="session", params=OURS)
def overlay(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def objects(overlay: str) -> list[Object]:
    """What an overlay gives to the cluster."""
    return render(KUBERNETES / "overlays" / overlay)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """The overlay `cpu` with each component that is off there."""
    return with_components(tmp_path_factory.mktemp("kubernetes"))


def with_components(folder: Path) -> list[Object]:
    """Render a copy in which every component that `cpu` names is on, but for the fallback."""
    copy = folder / "deploy"
    copy.mkdir()
    for part in ("kubernetes", "grafana"):
        _copy(KUBERNETES.parent / part, copy / part)
    secrets = copy / "kubernetes" / "components" / "secret-files"
    (secrets / "api_keys").write_text("a-key name=test roles=read\n")
    (secrets / "store.env").write_text("ALPR_DATABASE_URL=postgresql://u:p@host/database\n")
    chosen = copy / "kubernetes" / "overlays" / "cpu" / "kustomization.yaml"
    lines = chosen.read_text().splitlines()
    on = [
        line.replace("# - ", "- ") if "components/" in line and "-cpu" not in line else line
        for line in lines
    ]
    assert on != lines
    chosen.write_text("\n".join(on))
    return render(chosen.parent)


def _copy(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        if file.is_file():
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
