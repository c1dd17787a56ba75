"""Images built by buildah, and containers of them run by runc, under limits, without a daemon."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAME = "localhost/nz-alpr:cpu"
START_SECONDS = 180
_KINDS_OF_CAPABILITIES = ("bounding", "effective", "inheritable", "permitted", "ambient")
_NAMESPACES = ("pid", "ipc", "uts", "mount", "cgroup", "network")


@dataclass(frozen=True, slots=True)
class Limits:
    """`processors` may be a fraction; `memory` and `temporary` (the size of /tmp) are bytes;
    `tasks` are threads and processes."""

    processors: float
    memory: int
    temporary: int = 64 << 20
    tasks: int = 512


class Images:
    """A store of images of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        self._buildah = ("buildah", "--root", folder / "storage", "--runroot", folder / "run")

    def __contains__(self, name: str) -> bool:
        return self._ask("images", "--quiet", "--filter", f"reference={name}") != ""

    def import_base(self, name: str, fill: Callable[[Path], None]) -> None:
        """Make the image `docker.io/library/NAME` from the folder that `fill` fills."""
        container = self._ask("from", "scratch")
        try:
            fill(Path(self._ask("mount", container)))
            self._ask("umount", container)
            self._ask("commit", "--quiet", container, f"docker.io/library/{name}")
        finally:
            self._ask("rm", container)

    def build(self, dockerfile: str, context: Path, name: str) -> None:
        """`docker build`. What pip needs to reach the index from this machine is lent to it."""
        lent = [path for path in ("/etc/ssl/certs", "/etc/pip.conf") if Path(path).exists()]
        volumes = [f"--volume={path}:{path}:ro" for path in lent]
        options = ("--isolation=chroot", "--network=host", "--pull-never", "--format=docker")
        self._ask("build", *options, *volumes, "--tag", name, "--file", dockerfile, str(context))
        self._ask("rmi", "--prune")  # the one that had the name before

    def configuration(self, name: str) -> dict[str, Any]:
        """What the image says of itself, as `docker inspect` tells it."""
        about = json.loads(self._ask("inspect", "--type", "image", name))
        config: dict[str, Any] = about["Docker"]["config"]
        return config

    def mount(self, name: str) -> tuple[str, Path]:
        """A container of an image, and the folder where its files are."""
        container = self._ask("from", "--pull-never", name)
        return container, Path(self._ask("mount", container))

    def remove(self, container: str) -> None:
        self._ask("umount", container)
        self._ask("rm", container)

    def _ask(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._buildah, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"buildah {arguments[0]}: {done.stderr[-3000:]}"
        return done.stdout.strip()


class Container:
    """An image's command, or another, as its user: read-only root, no capability, no network.

    Healthy by the image's own HEALTHCHECK when entered; ended when left.
    """

    def __init__(
        self,
        images: Images,
        image: str,
        limits: Limits,
        environment: Mapping[str, str],
        command: Sequence[str] = (),
    ) -> None:
        self.image = images.configuration(image)
        self.image["Cmd"] = list(command) or self.image["Cmd"]
        self._images = images
        self._filesystem, root = images.mount(image)
        self._bundle = Path(tempfile.mkdtemp(prefix="nz-alpr-container-"))
        self.name = self._bundle.name
        self._log = (self._bundle / "log").open("w+b")
        config = _configuration(self.image, root, limits, environment, self.name)
        (self._bundle / "config.json").write_text(json.dumps(config))

    def __enter__(self) -> Self:
        began = time.monotonic()
        self._process = subprocess.Popen(
            ["runc", "run", "--bundle", self._bundle, self.name],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        while self.execute(self.healthcheck).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > began + START_SECONDS:
                said = self.log()
                self.__exit__(None, None, None)
                raise AssertionError(f"the container did not become healthy:\n{said}")
            time.sleep(0.2)
        self.start_seconds = time.monotonic() - began
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        subprocess.run(["runc", "delete", "--force", self.name], capture_output=True, check=False)
        self._process.wait()
        self._log.close()
        self._images.remove(self._filesystem)
        shutil.rmtree(self._bundle)

    @property
    def healthcheck(self) -> list[str]:
        kind, *command = self.image["Healthcheck"]["Test"]
        assert kind == "CMD"
        return [str(word) for word in command]

    def execute(
        self, command: Sequence[str], *, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command in the container, as its user."""
        return subprocess.run(
            ["runc", "exec", self.name, *command], input=stdin, capture_output=True, check=False
        )

    def stop(self, seconds: float) -> int:
        """Send the image's stop signal; the exit status.

        Raises subprocess.TimeoutExpired.
        """
        signal = self.image["StopSignal"]
        subprocess.run(["runc", "kill", self.name, signal], check=True, capture_output=True)
        return self._process.wait(seconds)

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def peak_memory(self) -> int:
        """Most bytes that the container has used, file cache included."""
        places = (
            f"/sys/fs/cgroup/memory/{self.name}/memory.max_usage_in_bytes",
            f"/sys/fs/cgroup/{self.name}/memory.peak",
        )
        return next(int(Path(place).read_text()) for place in places if Path(place).exists())


def _configuration(
    image: Mapping[str, Any], root: Path, limits: Limits, environment: Mapping[str, str], name: str
) -> dict[str, Any]:
    """Of an OCI bundle (https://github.com/opencontainers/runtime-spec/blob/main/config.md)."""
    user, _, group = image["User"].partition(":")
    period = 100_000
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": int(user), "gid": int(group)},
            "args": image["Cmd"],
            "cwd": image["WorkingDir"],
            "env": [*image["Env"], *(f"{key}={value}" for key, value in environment.items())],
            "capabilities": {kind: [] for kind in _KINDS_OF_CAPABILITIES},
            "noNewPrivileges": True,
        },
        "root": {"path": str(root), "readonly": True},
        "hostname": name,
        "mounts": [
            _mount("/proc", "proc"),
            _mount("/dev", "tmpfs", "nosuid", "mode=755", "size=64k"),
            _mount("/dev/shm", "tmpfs", "nosuid", "nodev", "noexec", "mode=1777", "size=64m"),
            _mount("/sys", "sysfs", "nosuid", "nodev", "noexec", "ro"),
            _mount("/sys/fs/cgroup", "cgroup", "nosuid", "nodev", "noexec", "ro"),
            _mount("/tmp", "tmpfs", "nosuid", "nodev", "mode=1777", f"size={limits.temporary}"),
        ],
        "linux": {
            "namespaces": [{"type": kind} for kind in _NAMESPACES],
            "cgroupsPath": f"/{name}",
            "resources": {
                "memory": {"limit": limits.memory},
                "cpu": {"quota": int(limits.processors * period), "period": period},
                "pids": {"limit": limits.tasks},
            },
        },
    }


def _mount(target: str, kind: str, *options: str) -> dict[str, Any]:
    return {"destination": target, "type": kind, "source": kind, "options": list(options)}
