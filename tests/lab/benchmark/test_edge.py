"""The measurement of a box at the gate, and the settings it is made with."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.config import Settings
from app.config.variables import unknown_variables
from app.lab.benchmark.edge import (
    ENVIRONMENT,
    MEMORY,
    largest_picture,
    measure_service,
    measure_writes,
    read_environment,
)


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return read_environment(ENVIRONMENT)


@pytest.fixture(scope="module")
def edge(environment: dict[str, str]) -> Settings:
    values = {name.removeprefix("ALPR_").lower(): value for name, value in environment.items()}
    return Settings.model_validate({"auth": "off", **values})


def test_variables_are_settings(environment: dict[str, str]) -> None:
    assert environment
    assert unknown_variables(environment) == []


def test_settings_are_for_one_core(edge: Settings) -> None:
    assert (edge.processes, edge.workers, edge.max_videos) == (1, 1, 1)


def test_what_is_accepted_fits_into_the_memory(edge: Settings) -> None:
    defaults = Settings.model_validate({"auth": "off"})
    held = edge.body_bytes_limit + 2 * 3 * edge.max_pixels + edge.max_video_bytes
    assert held < MEMORY / 4 < defaults.body_bytes_limit
    assert edge.max_batch_bytes >= edge.max_upload_bytes


def test_largest_picture_is_just_accepted(edge: Settings) -> None:
    data = largest_picture(edge.max_pixels)
    height, width = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2]  # type: ignore[union-attr]
    assert 0.99 * edge.max_pixels < height * width <= edge.max_pixels
    assert len(data) <= edge.max_upload_bytes


def test_what_a_pass_writes_is_counted(tmp_path: Path) -> None:
    writes = measure_writes(tmp_path, 3, pause_s=0.0)
    assert writes.asked_bytes > 1000


@pytest.mark.slow
def test_service_stays_within_the_memory(environment: dict[str, str]) -> None:
    measured = measure_service(environment, 1)
    assert 0 < measured.ready_bytes <= measured.peak_bytes < MEMORY
