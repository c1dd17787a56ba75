"""How many processors this process may use, containers' quotas included.

A quota (`docker --cpus`, a Kubernetes limit) leaves every processor of the host visible and stops
the whole group for the rest of each period once its share is used, so that threads beyond it only
make pictures slower. Read from cgroup v2's `cpu.max` and v1's `cpu.cfs_quota_us`, of the group and
of each above it (https://docs.kernel.org/admin-guide/cgroup-v2.html, .../sched-bwc.html).
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def usable_processors(processes: int = 1, *, root: Path = Path("/")) -> int:
    """Processors for each of some processes that share what there is: at least 1.

    Args:
        root: of the file system whose `proc` and cgroup mounts are read.
    """
    usable: float = _scheduled()
    quota = cgroup_quota(root)
    if quota is not None:
        usable = min(usable, math.ceil(quota))  # as Java and Go round: part of one is one
    return max(1, int(usable) // processes)


def cgroup_quota(root: Path = Path("/")) -> float | None:
    """The smallest quota of the groups this process is in, in processors; None without any."""
    return min((quota for group in _groups(root) if (quota := _quota(group))), default=None)


def _scheduled() -> int:
    """Processors the scheduler may put this process on."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(root: Path) -> Iterator[Path]:
    """Folders of the process's groups, and of those above them, that may bound its processors."""
    try:
        memberships = (root / "proc/self/cgroup").read_text().splitlines()
        mounts = (root / "proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return  # no Linux
    version_1 = version_2 = None
    for membership in memberships:
        _, controllers, path = membership.split(":", 2)
        if not controllers:
            version_2 = path
        elif "cpu" in controllers.split(","):
            version_1 = path
    for mount in mounts:
        before, _, after = mount.partition(" - ")
        _, _, _, mounted_root, mount_point, *_ = before.split()
        kind, _, options = after.split(maxsplit=2)
        if kind == "cgroup2" and version_2 is not None:
            yield from _upwards(root, mount_point, mounted_root, version_2)
        elif kind == "cgroup" and "cpu" in options.split(",") and version_1 is not None:
            yield from _upwards(root, mount_point, mounted_root, version_1)


def _upwards(root: Path, mount_point: str, mounted_root: str, path: str) -> Iterator[Path]:
    """The folder of a group below its mount, then each above it up to the mount.

    Where the mount does not show the group (a container that sees the host's path of its own
    group), the mount itself is the group.
    """
    group, inside = PurePosixPath(path), PurePosixPath()
    if ".." not in group.parts and group.is_relative_to(mounted_root):
        inside = group.relative_to(mounted_root)
    mount = root / mount_point.lstrip("/")
    for folder in (inside, *inside.parents):
        yield mount / folder


def _quota(group: Path) -> float | None:
    for files in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            quota, period = " ".join((group / file).read_text() for file in files).split()
            if quota not in ("max", "-1"):
                return int(quota) / int(period)
        except (OSError, ValueError):
            continue  # of the other version, or of a controller that bounds nothing here
    return None
