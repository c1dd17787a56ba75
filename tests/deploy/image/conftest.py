import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.dockerfiles import REPOSITORY, stages
from tests.deploy.image.engine import NAME, Images
from tests.deploy.image.standin import make_base

TOOLS = ("buildah", "debootstrap", "runc")


@pytest.fixture(scope="session")
def images() -> Iterator[Images]:
    """A store with the image in it, built by the Dockerfile as it is on a stand-in for its base."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.fail(f"as root, on Debian: apt-get install {' '.join(TOOLS)}")
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "nz-alpr" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        images = Images(folder)
        for base in {stage.base for stage in stages("Dockerfile")} - {"builder"}:
            if f"docker.io/library/{base}" not in images:
                images.import_base(base, lambda root, base=base: make_base(base, root))  # type: ignore[misc]
        images.build("Dockerfile", REPOSITORY, NAME)
        yield images
