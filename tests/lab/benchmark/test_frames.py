"""Frames have the size asked for, whatever the photos' shapes."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.lab.benchmark.frames import CAMERA, TWELVE_MEGAPIXELS, write_frames


@pytest.mark.parametrize("size", [CAMERA, TWELVE_MEGAPIXELS])
@pytest.mark.parametrize("shape", [(300, 400), (900, 300), (720, 1280), (101, 1999)])
def test_frames_cover_their_size(
    tmp_path: Path, size: tuple[int, int], shape: tuple[int, int]
) -> None:
    source = tmp_path / "source.png"
    cv2.imwrite(str(source), np.full((*shape, 3), 200, np.uint8))
    (frame,) = write_frames([source], tmp_path, size)
    written = cv2.imread(str(frame))
    assert written is not None
    assert written.shape == (size[1], size[0], 3)
    assert written.min() > 190  # no border


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(OSError, match=r"text\.jpg"):
        write_frames([tmp_path / "text.jpg"], tmp_path)
