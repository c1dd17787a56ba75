"""The application in this process, and as a real server."""

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import application
from app.api.service import build_service
from app.config import Settings
from app.engine import Engine, LoadObserver
from app.nz.alignment import Change
from app.nz.decoder import Candidate, Correction, Reading
from app.vision.pipeline import PlatePipeline
from app.weights.resolve import Weights
from tests.servers import Server

KEY = "drawn-for-the-tests"
ClientFactory = Callable[..., TestClient]

PATIENT = 120.0
"""Seconds a picture may take where a test is not about that: other work may hold the cores."""


@contextmanager
def _loaded(pipeline: PlatePipeline) -> Iterator[None]:
    """Applications that start meanwhile share these networks instead of loading their own."""

    def build(settings: Settings, weights: Weights, observe: LoadObserver) -> Engine:
        return Engine(pipeline, pipeline, workers=settings.workers, observe=observe)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "build_service", partial(build_service, build=build))
        yield


@pytest.fixture(scope="module")
def client(settings: Settings, pipeline: PlatePipeline) -> Iterator[TestClient]:
    """The whole application without authentication."""
    app = application.create_app(settings.model_copy(update={"auth": "off", "deadline": PATIENT}))
    with ExitStack() as stack:
        with _loaded(pipeline):
            client = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        yield client


@pytest.fixture
def make_client(settings: Settings, pipeline: PlatePipeline) -> Iterator[ClientFactory]:
    """Applications with other settings, which share the loaded networks.

    `make_client(pipeline=..., **settings)`: authentication is off unless told otherwise.
    """
    with ExitStack() as stack:

        def make(*, pipeline: PlatePipeline = pipeline, **changes: Any) -> TestClient:
            changed = Settings(
                **settings.model_dump(exclude_unset=True)
                | {"auth": "off", "deadline": PATIENT}
                | changes
            )
            app = application.create_app(changed)
            with _loaded(pipeline):
                return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield make


@pytest.fixture
def correcting(pipeline: PlatePipeline) -> PlatePipeline:
    """Offers ABC128 for whatever it reads: what networks err in changes from release to release."""

    class Decoder:
        def __getattr__(self, name: str) -> Any:
            return getattr(pipeline.decoder, name)

        def decode(self, *arguments: Any, **options: Any) -> Reading:
            reading = pipeline.decoder.decode(*arguments, **options)
            change = Change(5, "3", "8", "substitution")
            return replace(
                reading,
                corrected_plate="ABC128",
                candidates=(Candidate("ABC128", "standard", 0.9),),
                correction=Correction((change,), "standard", 0.9, 0.9, "For the tests."),
            )

    changed = copy.copy(pipeline)
    changed.decoder = Decoder()  # type: ignore[assignment]
    return changed


@pytest.fixture(scope="module")
def server(light_environment: dict[str, str]) -> Iterator[Server]:
    """A real service, with a small limit on what is in flight."""
    with Server(
        light_environment
        | {
            "ALPR_AUTH": "off",
            "ALPR_DEADLINE": str(PATIENT),
            "ALPR_MAX_IN_FLIGHT": "8",
            "ALPR_MAX_BATCH_FILES": "8",
            "ALPR_MAX_UPLOAD_BYTES": "1000000",
            "ALPR_UPLOAD_TIMEOUT": "2",
        }
    ) as server:
        yield server
