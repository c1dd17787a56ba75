from pathlib import Path

import numpy as np
import pytest

from app.config import Settings
from app.lab.errors import DatasetError
from app.lab.evaluation.dataset import Label, Photo, load_dataset
from app.lab.evaluation.matching import BoxF, Match
from app.lab.evaluation.results import ReadPlate
from app.lab.evaluation.run import PhotoReading, cut, match_photo, read_crops, read_photos
from app.lab.synth.dataset import draw_crops, write
from app.vision.pipeline import PlatePipeline, ReadOptions

OPTIONS = ReadOptions(min_confidence=0.4, enhance="off")


def found(raw: str, box: BoxF) -> ReadPlate:
    return ReadPlate(raw, 0.9, None, (), box, 0.8)


def test_places_count_before_texts() -> None:
    labels = [Label("ABC123", None, {}), Label("KLM482", (0, 0, 100, 40), {})]
    plates = [found("ABC123", (0, 0, 100, 40)), found("ABC128", (300, 0, 400, 40))]
    assert match_photo(labels, plates) == [Match(1, 0, 1.0), Match(0, 1, None)]


def folder_with(tmp_path: Path, picture: bytes, rows: str) -> list[Photo]:
    (tmp_path / "car.jpg").write_bytes(picture)
    (tmp_path / "labels.csv").write_text(f"file,text,x1,y1,x2,y2,condition\n{rows}")
    return load_dataset(tmp_path)


def read_one(
    pipeline: PlatePipeline, photos: list[Photo], *, recall_only: bool = False
) -> PhotoReading:
    (outcome,) = read_photos(pipeline, photos, OPTIONS, recall_only=recall_only)
    return outcome


def test_a_labelled_plate_is_found_and_read(
    pipeline: PlatePipeline, car_jpeg: bytes, tmp_path: Path
) -> None:
    outcome = read_one(pipeline, folder_with(tmp_path, car_jpeg, "car.jpg,ABC123,,,,,day\n"))
    (plate,) = outcome.plates
    assert plate.raw_right
    assert plate.tags == {"condition": "day"}
    assert plate.iou is None
    assert not outcome.photo.fully_labelled
    assert set(outcome.photo.timings_ms) == {"decode", "detect", "ocr", "interpret"}


@pytest.mark.parametrize("recall_only", [False, True])
def test_an_unlabelled_plate_is_false_only_if_all_are_labelled(
    pipeline: PlatePipeline, car_jpeg: bytes, tmp_path: Path, recall_only: bool
) -> None:
    photos = folder_with(tmp_path, car_jpeg, "car.jpg,KLM482,0,0,20,10,\n")
    outcome = read_one(pipeline, photos, recall_only=recall_only)
    assert outcome.plates[0].read is None
    assert [plate.raw for plate in outcome.photo.unmatched] == ["ABC123"]
    assert outcome.photo.fully_labelled is not recall_only


def test_a_photo_without_plate_stays_one_with_recall_only(
    pipeline: PlatePipeline, car_jpeg: bytes, tmp_path: Path
) -> None:
    outcome = read_one(
        pipeline, folder_with(tmp_path, car_jpeg, "car.jpg,,,,,,\n"), recall_only=True
    )
    assert outcome.plates == ()
    assert outcome.photo.negative
    assert outcome.photo.fully_labelled


def test_a_damaged_picture_is_an_outcome(pipeline: PlatePipeline, tmp_path: Path) -> None:
    outcome = read_one(pipeline, folder_with(tmp_path, b"no picture", "car.jpg,ABC123,,,,,\n"))
    assert outcome.photo.error
    assert outcome.plates[0].read is None


def crops_of(
    pipeline: PlatePipeline, settings: Settings, photos: list[Photo]
) -> list[PhotoReading]:
    return list(
        read_crops(
            pipeline,
            photos,
            max_pixels=settings.max_pixels,
        )
    )


def test_drawn_crops_are_read_whole(
    pipeline: PlatePipeline, settings: Settings, tmp_path: Path
) -> None:
    write(tmp_path, draw_crops(8, seed=3, severity="easy"))
    outcomes = crops_of(pipeline, settings, load_dataset(tmp_path))
    plates = [plate for outcome in outcomes for plate in outcome.plates]
    assert len(plates) == 8
    assert sum(plate.raw_right for plate in plates) >= 6
    assert all(outcome.photo.timings_ms["ocr"] > 0 for outcome in outcomes)


def test_crops_are_cut_along_the_labels_of_a_photo(
    pipeline: PlatePipeline, settings: Settings, car_jpeg: bytes, tmp_path: Path
) -> None:
    (seen,) = read_one(pipeline, folder_with(tmp_path, car_jpeg, "car.jpg,ABC123,,,,,\n")).plates
    assert seen.read is not None
    assert seen.read.box is not None
    box = ",".join(str(value) for value in seen.read.box)
    rows = f"car.jpg,ABC123,{box},\ncar.jpg,,0,0,9,9,\n"
    (outcome,) = crops_of(pipeline, settings, folder_with(tmp_path, car_jpeg, rows))
    assert [plate.raw_right for plate in outcome.plates] == [True]


def test_several_plates_without_boxes_are_no_crop(
    pipeline: PlatePipeline, settings: Settings, car_jpeg: bytes, tmp_path: Path
) -> None:
    rows = "car.jpg,ABC123,,,,,\ncar.jpg,KLM482,,,,,\n"
    with pytest.raises(DatasetError, match="several plates"):
        crops_of(pipeline, settings, folder_with(tmp_path, car_jpeg, rows))


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        (None, (40, 100)),
        ((10.4, 5.0, 20.6, 15.0), (10, 11)),
        ((-50.0, -50.0, 500.0, 500.0), (40, 100)),
        ((200.0, 200.0, 210.0, 210.0), (1, 1)),
    ],
)
def test_cut_stays_in_the_frame(box: BoxF | None, shape: tuple[int, int]) -> None:
    assert cut(np.zeros((40, 100, 3), np.uint8), box).shape[:2] == shape
