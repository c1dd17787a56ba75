"""Who may ask whom: policies, the ingress, and the network of the cameras."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.addresses import is_public
from app.api.application import create_app
from app.config import Settings
from app.video.cameras.config import load_cameras
from tests.deploy.kubernetes.manifests import (
    KUBERNETES,
    Object,
    container,
    name,
    of_kind,
    render,
    settings,
    the,
)

ADDRESSES = (
    *("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "0.0.0.0"),
    *("169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "fd00::1", "fe80::1", "ff02::1"),
    *("1.1.1.1", "172.32.0.1", "2606:4700::1111"),
)
INSIDE = ("/metrics", "/health")
OUTSIDE_OF_THE_SCHEMA = ("/console/main.js", "/docs", "/docs/start.js", "/openapi.json")


def rules(objects: list[Object]) -> Iterator[Object]:
    for policy in of_kind(objects, "NetworkPolicy"):
        assert "Egress" in policy["spec"]["policyTypes"]
        yield from policy["spec"]["egress"]


def allows(rule: Object, text: str) -> bool:
    """Whether a rule has the address in one of its blocks."""
    address = ip_address(text)
    return any(
        address in ip_network(block["cidr"])
        and not any(address in ip_network(no) for no in block.get("except", ()))
        for block in (peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer)
    )


def test_base_reaches_public_addresses_alone() -> None:
    found = list(rules(render(KUBERNETES / "base")))
    for address in ADDRESSES:
        assert any(allows(rule, address) for rule in found) == is_public(address), address


def test_every_way_out_has_its_ports(objects: list[Object]) -> None:
    assert all(rule["to"] and rule["ports"] for rule in rules(objects))


def test_names_can_be_looked_up(objects: list[Object]) -> None:
    lookups = [rule for rule in rules(objects) if any(port["port"] == 53 for port in rule["ports"])]
    (rule,) = lookups
    assert {port["protocol"] for port in rule["ports"]} == {"UDP", "TCP"}


def test_pods_of_others_are_not_selected_by_our_labels(objects: list[Object]) -> None:
    """Kustomize adds them to `matchLabels`, where they would select nothing."""
    peers = [peer for rule in rules(objects) for peer in rule["to"]]
    selectors = [peer["podSelector"] for peer in peers if "podSelector" in peer]
    assert selectors
    assert not any("matchLabels" in selector for selector in selectors)


def test_only_the_port_of_the_service_is_open(objects: list[Object]) -> None:
    for policy in of_kind(objects, "NetworkPolicy"):
        for rule in policy["spec"].get("ingress", ()):
            assert rule["from"]
            assert [port["port"] for port in rule["ports"]] == [
                port["name"] for port in container(objects)["ports"]
            ]


def test_outside_sees_all_but_what_is_for_operators(
    everything: list[Object], tmp_path: Path
) -> None:
    asked = {"auth": "off", "store": "on", "store_path": tmp_path, "notify_file": tmp_path / "t"}
    known = create_app(Settings.model_validate({**asked, "gates_file": tmp_path / "g"})).openapi()
    (rule,) = the(everything, "Ingress")["spec"]["rules"]
    paths = [(path["path"], path["pathType"]) for path in rule["http"]["paths"]]

    def routed(path: str) -> bool:
        return any(
            path == prefix or (kind == "Prefix" and path.startswith(f"{prefix}/"))
            for prefix, kind in paths
        )

    for path in (*known["paths"], *OUTSIDE_OF_THE_SCHEMA):
        assert routed(path) == (not path.startswith(INSIDE)), path
    services = {name(found) for found in of_kind(everything, "Service")}
    assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} <= services


@pytest.fixture(scope="module")
def cameras() -> list[Object]:
    return render(KUBERNETES / "overlays" / "cameras")


def test_workers_know_and_reach_their_cameras(cameras: list[Object], tmp_path: Path) -> None:
    lists = [found["data"] for found in of_kind(cameras, "ConfigMap") if "list" in name(found)]
    (text,) = lists[0].values()
    asked = settings(cameras)
    assert asked.cameras_file is not None
    assert list(lists[0]) == [asked.cameras_file.name]
    (passwords,) = (
        mount["mountPath"]
        for mount in container(cameras)["volumeMounts"]
        if mount["name"] == "passwords"
    )
    (tmp_path / "gate").write_text("secret")
    file = tmp_path / "cameras.yml"
    file.write_text(text.replace(passwords, str(tmp_path)))
    plans = load_cameras(file)
    assert plans
    for plan in plans.values():
        source = urlsplit(plan.config.source)
        assert source.hostname in asked.url_private_hosts
        ports = {
            port["port"]
            for rule in rules(cameras)
            if allows(rule, str(source.hostname))
            for port in rule["ports"]
        }
        assert {"rtsp": 554, "http": 80}[source.scheme] in ports


def test_workers_share_a_database_and_have_a_disk_each(cameras: list[Object]) -> None:
    workers = the(cameras, "StatefulSet")["spec"]
    assert workers["replicas"] >= 2  # another takes the cameras of one that dies
    assert settings(cameras).database_url is not None
    assert settings(cameras).store_pictures_url is not None
    assert settings(cameras).processes == 1
    assert workers["volumeClaimTemplates"]


def test_list_of_cameras_changes_without_a_new_pod(cameras: list[Object]) -> None:
    (mount,) = (mount for mount in container(cameras)["volumeMounts"] if mount["name"] == "cameras")
    assert "subPath" not in mount  # with it the file would stay as it was
    assert "nz-alpr-list-cameras" in {name(found) for found in of_kind(cameras, "ConfigMap")}
