"""Real plates through the hub's OCR: corrections may only help, and leave other countries alone."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.lab.evaluation.conditions import parse_condition
from app.lab.evaluation.dataset import Photo, load_dataset
from app.lab.evaluation.results import PlateOutcome
from app.lab.evaluation.run import read_crops
from app.vision.pipeline import PlatePipeline


def read_plates(pipeline: PlatePipeline, photos: Sequence[Photo]) -> list[PlateOutcome]:
    """What is read along the labelled boxes."""
    with_text = [photo for photo in photos if any(label.text for label in photo.labels)]
    outcomes = read_crops(pipeline, with_text, max_pixels=pipeline.max_pixels)
    return [plate for outcome in outcomes for plate in outcome.plates]


def test_new_zealand_plates_are_read_better(shared: Path, hub_pipeline: PlatePipeline) -> None:
    plates = read_plates(hub_pipeline, load_dataset(shared / "data" / "nz_real"))
    assert len(plates) == 101
    assert not [plate for plate in plates if plate.raw_right and not plate.right]
    gained = [plate for plate in plates if plate.right and not plate.raw_right]
    assert len(gained) >= 5


@pytest.mark.slow
def test_foreign_plates_are_left_alone(shared: Path, hub_pipeline: PlatePipeline) -> None:
    chosen = [parse_condition(f"source={source}") for source in ("openalpr-eu", "openalpr-us")]
    plates = read_plates(hub_pipeline, load_dataset(shared / "data" / "photos", chosen))
    corrected = [plate for plate in plates if plate.read and plate.read.corrected]
    assert len(plates) == 330
    assert len(corrected) <= 0.02 * len(plates)
    right = [plate for plate in plates if plate.raw_right]
    assert sum(not plate.right for plate in right) <= 0.01 * len(right)
