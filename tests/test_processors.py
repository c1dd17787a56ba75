"""Quotas of containers are seen: a fake tree of cgroups in place of each of the real ones."""

import os
from pathlib import Path

import pytest

from app import processors
from app.building import build_engine
from app.config import Settings
from app.processors import cgroup_quota, usable_processors
from app.vision.backends import sessions
from app.vision.backends.runtime import Device
from app.vision.backends.sessions import Session
from app.weights.resolve import resolve_weights

V2 = "41 31 0:38 {root} /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw"
V1 = "32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct"
SET = "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset"
OTHERS = "23 1 0:22 / / rw shared:1 - ext4 /dev/vda rw"


@pytest.fixture(autouse=True)
def _host_of_32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "process_cpu_count", lambda: 32, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(32)), raising=False)


def tree(root: Path, mount: str, membership: str, files: dict[str, str], *, mounted: str) -> Path:
    proc = root / "proc" / "self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(f"9:name=systemd:/\n3:cpuset:/\n{membership}\n")
    (proc / "mountinfo").write_text(f"{OTHERS}\n{SET}\n{mount.format(root=mounted)}\n")
    for name, content in files.items():
        file = root / "sys" / "fs" / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


def v2(root: Path, files: dict[str, str], *, path: str = "/", mounted: str = "/") -> Path:
    return tree(root, V2, f"0::{path}", files, mounted=mounted)


def v1(root: Path, files: dict[str, str], *, path: str = "/", mounted: str = "/") -> Path:
    inside = {f"cpu,cpuacct/{name}": content for name, content in files.items()}
    return tree(root, V1, f"4:cpu,cpuacct:{path}\n0::/", inside, mounted=mounted)


def bounded(quota: str, folder: str = "") -> dict[str, str]:
    return {f"{folder}cpu.cfs_quota_us": f"{quota}\n", f"{folder}cpu.cfs_period_us": "100000\n"}


def test_docker_with_cpus_2(tmp_path: Path) -> None:
    assert usable_processors(root=v2(tmp_path, {"cpu.max": "200000 100000\n"})) == 2


@pytest.mark.parametrize(
    ("quota", "usable"), [("max", 32), ("50000", 1), ("150000", 2), ("6400000", 32)]
)
def test_part_of_a_processor_is_one_and_no_quota_makes_more(
    tmp_path: Path, quota: str, usable: int
) -> None:
    assert usable_processors(root=v2(tmp_path, {"cpu.max": f"{quota} 100000\n"})) == usable


def test_the_tightest_of_nested_groups_counts(tmp_path: Path) -> None:
    files = {
        "kubepods/pod1/box/cpu.max": "max 100000\n",
        "kubepods/pod1/cpu.max": "300000 100000\n",
        "kubepods/cpu.max": "800000 100000\n",
        "other/cpu.max": "100000 100000\n",
    }
    root = v2(tmp_path, files, path="/kubepods/pod1/box")
    assert cgroup_quota(root) == 3


@pytest.mark.parametrize("path", ["/", "/docker/abc", "/docker/abc/inner"])
def test_version_1_as_docker_mounts_it(tmp_path: Path, path: str) -> None:
    """The path is that of the host, the mount begins at the container's own group."""
    mounted = "/" if path == "/" else "/docker/abc"
    assert cgroup_quota(v1(tmp_path, bounded("250000"), path=path, mounted=mounted)) == 2.5


def test_version_1_in_nested_groups(tmp_path: Path) -> None:
    files = bounded("-1", "kube/pod/box/") | bounded("400000", "kube/pod/") | bounded("-1")
    assert cgroup_quota(v1(tmp_path, files, path="/kube/pod/box")) == 4


def test_a_path_outside_of_the_mount(tmp_path: Path) -> None:
    root = v2(tmp_path, {"cpu.max": "200000 100000\n"}, path="/../../other")
    assert cgroup_quota(root) == 2


@pytest.mark.parametrize("content", ["", "nonsense", "100000 0 1", "max"])
def test_what_cannot_be_read_bounds_nothing(tmp_path: Path, content: str) -> None:
    assert cgroup_quota(v2(tmp_path, {"cpu.max": content})) is None


def test_where_there_are_no_cgroups(tmp_path: Path) -> None:
    assert usable_processors(root=tmp_path) == 32


@pytest.mark.parametrize(("processes", "usable"), [(1, 6), (2, 3), (4, 1), (12, 1)])
def test_processes_share(tmp_path: Path, processes: int, usable: int) -> None:
    root = v2(tmp_path, {"cpu.max": "600000 100000\n"})
    assert usable_processors(processes, root=root) == usable


def test_systems_without_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert usable_processors(root=tmp_path) == 5


@pytest.fixture
def _quota_of_4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "cgroup_quota", lambda root: 4.0)


@pytest.mark.usefixtures("_quota_of_4")
@pytest.mark.parametrize("name", ["ALPR_PROCESSES", "WEB_CONCURRENCY"])
def test_workers_by_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().workers == 4
    monkeypatch.setenv(name, "2")
    assert Settings().workers == 2
    monkeypatch.setenv("ALPR_WORKERS", "7")
    assert Settings().workers == 7


@pytest.mark.usefixtures("_quota_of_4")
@pytest.mark.parametrize(("workers", "threads"), [(1, {1}), (3, {1, 3}), (8, {1, 4})])
def test_no_session_has_more_threads_than_workers_and_processors(
    settings: Settings, workers: int, threads: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: set[int] = set()
    open_session = sessions.open_session

    def counted(network: Path | bytes, *, device: Device, threads: int) -> Session:
        opened.add(threads)
        return open_session(network, device=device, threads=1)

    monkeypatch.setattr("app.vision.backends.opening.open_session", counted)
    changed = settings.model_copy(update={"workers": workers})
    build_engine(changed, resolve_weights(changed)).close()
    assert opened == threads
