import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Settings
from app.lab.benchmark.edge import ENVIRONMENT, MEMORY
from tests.deploy.dockerfiles import DOCKERFILES, REPOSITORY, stages

COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DEFAULT = re.compile(r"\$\{\w+:-(?P<value>[^}]*)\}")


def host_path(text: str) -> Path:
    """A path of the compose file with its variables at their defaults."""
    return REPOSITORY / DEFAULT.sub(r"\g<value>", text)


def test_there_is_a_service_for_each_dockerfile() -> None:
    assert {service["build"]["dockerfile"] for service in OURS.values()} == set(DOCKERFILES)
    assert {name for name, service in SERVICES.items() if "gpu" in service.get("profiles", ())} == {
        "alpr-gpu"
    }


def test_images_of_others_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert len(images) == 2
    assert all(re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", image) for image in images)


def test_mounted_paths_exist() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", ())]
    sources = [mount.partition(":")[0] for mount in mounts]
    assert any(source.startswith("./") for source in sources)
    for source in sources:
        assert (
            host_path(source).is_dir() if source.startswith(".") else source in COMPOSE["volumes"]
        )


def test_secrets_exist_and_hold_no_key() -> None:
    for secret in COMPOSE["secrets"].values():
        file = host_path(secret["file"])
        assert file.is_file()
        assert file.read_bytes() == b""


@pytest.mark.parametrize("name", OURS)
def test_settings_exist(name: str) -> None:
    known = {f"ALPR_{field.upper()}" for field in Settings.model_fields}
    given = {key for key in OURS[name]["environment"] if key.startswith("ALPR_")}
    assert given
    assert given <= known


@pytest.mark.parametrize("name", OURS)
def test_keys_are_read_from_a_secret_of_the_service(name: str) -> None:
    service = OURS[name]
    assert service["environment"]["ALPR_API_KEYS_FILE"] == f"/run/secrets/{service['secrets'][0]}"
    assert set(service["secrets"]) <= set(COMPOSE["secrets"])


@pytest.mark.parametrize("name", OURS)
def test_service_is_confined(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_temporary_files_have_room_for_videos(name: str) -> None:
    (size,) = (re.findall(r"size=(\d+)m\b", mount) for mount in OURS[name]["tmpfs"])
    settings = Settings.model_validate({"auth": "off"})
    assert int(size[0]) << 20 > settings.max_videos * settings.max_video_bytes


def test_box_at_the_gate_is_the_service_with_less() -> None:
    edge = yaml.safe_load((REPOSITORY / "deploy" / "compose.edge.yml").read_text())["services"]
    assert edge.keys() <= OURS.keys()
    assert edge["alpr"]["env_file"] == [str(ENVIRONMENT.relative_to(REPOSITORY))]
    assert (edge["alpr"]["cpus"], edge["alpr"]["mem_limit"]) == (1, "1g")
    assert MEMORY == 1 << 30


@pytest.mark.parametrize("name", OURS)
def test_stopping_waits_for_what_was_accepted(name: str) -> None:
    environment = OURS[name]["environment"]
    given = {key.removeprefix("ALPR_").lower(): value for key, value in environment.items()}
    settings = Settings.model_validate({"auth": "off", **given})
    assert int(OURS[name]["stop_grace_period"].removesuffix("s")) > settings.stop_seconds


@pytest.mark.parametrize("name", OURS)
def test_published_port_is_the_one_the_image_exposes(name: str) -> None:
    (port,) = OURS[name]["ports"]
    image = stages(OURS[name]["build"]["dockerfile"])[-1]
    assert port.rpartition(":")[2] == image.last("EXPOSE")
    assert image.healthcheck


def test_only_the_service_is_open_to_the_network() -> None:
    for name in SERVICES.keys() - OURS.keys():
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])
