"""Fixtures that every part of the suite may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck
from hypothesis import settings as examples

from app.building import build_pipeline
from app.config import Settings
from app.passes.store.database import open_database, postgresql_url
from app.vision.pipeline import PlatePipeline
from app.vision.types import Frame
from app.weights.resolve import MANIFEST, OWN_MODELS, resolve_weights
from tests.passes.postgres import binaries, postgresql
from tests.pictures import draw_car, encode

# What a test may take and how fast examples are drawn depend on what else the machine does.
examples.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("suite")

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_WEIGHTS = {
    "ALPR_DETECTOR_PATH": "yolo-v9-t-416-license-plates-end2end.onnx",
    "ALPR_OCR_PATH": "cct_xs_v2_global.onnx",
    "ALPR_OCR_CONFIG_PATH": "cct_xs_v2_global_plate_config.yaml",
}


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real photos and hub weights that are not part of the repository."""
    path = _shared()
    if not (path / "models").is_dir():
        pytest.skip(f"real photos and hub weights are not here ({path}); set ALPR_SHARED")
    return path


def _shared() -> Path:
    return Path(os.environ.get("ALPR_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Iterator[None]:
    """No setting of the developer's shell reaches a test or a process that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in ("API_KEY", "PROMETHEUS_MULTIPROC_DIR") or (
                name.startswith(("ALPR_", "OTEL_")) and name != "ALPR_SHARED"
            ):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _environment_of_its_own() -> Iterator[None]:
    """What a test leaves in the environment, as commands called in this process do, reaches no
    other."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys() - {"PYTEST_CURRENT_TEST"}:
        del os.environ[name]
    os.environ.update({name: before[name] for name in before if name != "PYTEST_CURRENT_TEST"})


@pytest.fixture(scope="session")
def weights_environment() -> dict[str, str]:
    """Variables that make the service find weights: none for the project's own."""
    if (OWN_MODELS / MANIFEST).is_file():
        return {}
    directory = _shared() / "models"
    if not directory.is_dir():
        pytest.skip("neither the project's own weights nor hub weights are here; set ALPR_SHARED")
    return {name: str(directory / file) for name, file in SHARED_WEIGHTS.items()}


@pytest.fixture(scope="session")
def light_environment(weights_environment: dict[str, str]) -> dict[str, str]:
    """Variables of a service that starts in half the time: one worker, one shape of the detector.
    For tests whose subject is not how it reads."""
    return weights_environment | {"ALPR_WORKERS": "1", "ALPR_PADDING": "square"}


@pytest.fixture(scope="session")
def settings(weights_environment: dict[str, str]) -> Settings:
    """Default settings with weights that are here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in weights_environment.items():
            patch.setenv(name, value)
        return Settings()


@pytest.fixture(scope="session")
def pipeline(settings: Settings) -> PlatePipeline:
    """The real pipeline; it holds no state between calls."""
    return build_pipeline(settings, resolve_weights(settings), threads=1)


@pytest.fixture(scope="session")
def hub_settings(shared: Path) -> Settings:
    """Settings that serve the hub's weights."""
    paths = {
        name.removeprefix("ALPR_").lower(): shared / "models" / file
        for name, file in SHARED_WEIGHTS.items()
    }
    return Settings().model_copy(update={"auth": "off", **paths})


@pytest.fixture(scope="session")
def hub_pipeline(hub_settings: Settings) -> PlatePipeline:
    return build_pipeline(hub_settings, resolve_weights(hub_settings), threads=1)


@pytest.fixture(scope="session")
def car() -> Frame:
    """A drawn car with the plate ABC123."""
    return draw_car("ABC123")


@pytest.fixture(scope="session")
def car_jpeg(car: Frame) -> bytes:
    return encode(car, ".jpg")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with postgresql(programs) as url:
        yield url


@pytest.fixture
def empty_postgresql(postgresql_server: str) -> str:
    engine = open_database(postgresql_url(postgresql_server))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return postgresql_server
