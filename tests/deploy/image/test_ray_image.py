"""The image for Ray: built on that of the service, and serving as a pod of KubeRay may."""

import json

import pytest

from tests.deploy.dockerfiles import REPOSITORY
from tests.deploy.image.engine import Container, Images, Limits
from tests.deploy.image.test_image import KEY, PREDICT

pytestmark = pytest.mark.image

RAY = "localhost/nz-alpr:ray"
SERVE = ("python", "-m", "app", "serve", "--ray", "deploy/ray/serve.yaml")


def test_serves_by_ray_on_a_read_only_root(images: Images, car_jpeg: bytes) -> None:
    images.build("deploy/ray/Dockerfile", REPOSITORY, RAY)
    limits = Limits(processors=2, memory=3 << 30, temporary=1 << 30, tasks=4096)
    with Container(images, RAY, limits, {"ALPR_API_KEYS": KEY}, SERVE) as container:
        answer = container.execute(["python", "-c", PREDICT, KEY], stdin=car_jpeg)
        assert json.loads(answer.stdout)["plate"] == "ABC123", answer.stderr
        print(  # noqa: T201
            f"ray: healthy after {container.start_seconds:.1f} s, "
            f"{container.peak_memory() >> 20} MiB at most"
        )
