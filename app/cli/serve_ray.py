"""`serve --ray`: the service on Ray Serve, on the cluster this machine is in, or on it alone."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from app.cli.serve import give_key
from app.cluster.shared_state import check_shared
from app.config import Settings
from app.errors import NotInstalled

ENVIRONMENT = "environment"
HAPROXY = "haproxy"
"""Files beside the one for Ray Serve."""


def run(file: Path) -> int:
    """Become `serve run FILE`; what is wrong is said before.

    Raises:
        NotInstalled: Ray or HAProxy is not there.
        InvalidRequest: as `check_shared`.
        OSError: a file is not there.
    """
    if find_spec("ray") is None:
        raise NotInstalled("ray is not installed: pip install -r requirements-ray.txt")
    haproxy = shutil.which(os.environ.get("HAPROXY", "haproxy"), path=_system_path())
    if haproxy is None:
        raise NotInstalled("haproxy is not installed: apt-get install haproxy")
    give_key(Settings())
    check_shared(Settings())
    for name, value in node_environment(file.with_name(ENVIRONMENT)).items():
        os.environ.setdefault(name, value)
    os.environ["HAPROXY"] = haproxy
    wrapper = file.with_name(HAPROXY).resolve(strict=True)
    os.environ.setdefault("RAY_SERVE_HAPROXY_BINARY_PATH", str(wrapper))
    command = [sys.executable, "-c", "from ray.serve.scripts import cli; cli()"]
    sys.stdout.flush()
    os.execv(command[0], [*command, "run", str(file.resolve(strict=True))])  # noqa: S606


def node_environment(file: Path) -> dict[str, str]:
    """Variables that each node is started with: lines `NAME=VALUE`. Raises OSError."""
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _system_path() -> str:
    """Where a service finds programs; a user's PATH often lacks the administrator's folders."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])
