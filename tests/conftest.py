"""Fixtures that every part of the suite may use."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real photos and hub weights that are not part of the repository."""
    path = Path(os.environ.get("ALPR_SHARED", REPOSITORY.parent / "shared"))
    if not (path / "models").is_dir():
        pytest.skip(f"real photos and hub weights are not here ({path}); set ALPR_SHARED")
    return path
