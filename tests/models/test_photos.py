"""Photos and labels as the trainings read them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.training.common.photos import read_photos

LABELS = """file,split,x1,y1,x2,y2,text,labelled_by,source
a.png,train,1,2,30,12,,source,one
a.png,train,40,2,60,12,,teacher,one
b.png,train,5,5,25,15,,teacher,two
c.png,val,,,,,,none,one
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "labels.csv").write_text(LABELS)
    for name in "abc":
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((20, 64, 3), np.uint8))
    return tmp_path


def test_photos_of_a_split_with_all_their_labels(folder: Path) -> None:
    photos = read_photos(folder, split="train")
    assert [(photo.name, len(photo.boxes)) for photo in photos] == [("a.png", 2), ("b.png", 1)]
    assert [len(photo.boxes) for photo in read_photos(folder, split="val")] == [0]


def test_labels_that_a_teacher_added_can_be_left_out_by_source(folder: Path) -> None:
    photos = read_photos(folder, split="train", without_additions={"one"})
    assert [photo.boxes.tolist() for photo in photos] == [[[1, 2, 30, 12]], [[5, 5, 25, 15]]]


def test_a_missing_photo_is_an_error(folder: Path) -> None:
    (folder / "b.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"b\.png"):
        read_photos(folder, split="train")
