import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from PIL import Image

from app.errors import ImageError, InvalidImage, TooCostly, TooManyPixels
from app.vision.images.decode import decode_image, decode_picture
from app.vision.images.formats.jpeg import read_jpeg_header
from app.vision.types import Frame
from tests.corpus import costly, damaged, many_scans, readable, refused
from tests.crafted import huge_png, jpeg_header, shared_values
from tests.good import by_pillow, rgb, small_car, valid

MAX_PIXELS = 50_000_000
TRANSPOSED_BY_ORIENTATION = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a picture is stored that the EXIF orientation turns upright again."""


@pytest.mark.parametrize(
    ("data", "code"), [pytest.param(data, code, id=name) for name, data, code in refused()]
)
def test_what_is_no_single_picture_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ImageError) as refusal:
        decode_image(data, max_pixels=MAX_PIXELS)
    assert refusal.value.code == code


def test_the_corpus_is_large_enough() -> None:
    names = [name for name, _, _ in refused()]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize(
    ("data", "size"), [pytest.param(data, size, id=name) for name, data, size in readable()]
)
def test_odd_pictures_are_decoded_to_bgr(data: bytes, size: tuple[int, int]) -> None:
    frame = decode_image(data, max_pixels=MAX_PIXELS)
    assert frame.shape == (*size, 3)
    assert frame.dtype == np.uint8
    if size == (240, 320):
        assert np.abs(_thumbnail(frame) - _thumbnail(small_car())).mean() < 6


@pytest.mark.parametrize(
    ("data", "size"), [pytest.param(data, size, id=name) for name, data, size in readable()]
)
def test_sound_pictures_are_not_called_damaged(data: bytes, size: tuple[int, int]) -> None:
    picture = decode_picture(data, max_pixels=MAX_PIXELS)
    assert (picture.height, picture.width, picture.scale, picture.damaged) == (*size, 1, False)


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in damaged()])
def test_what_is_left_of_a_damaged_picture_is_read(data: bytes) -> None:
    picture = decode_picture(data, max_pixels=MAX_PIXELS)
    assert picture.damaged
    assert picture.frame.shape == (240, 320, 3)
    right = np.abs(picture.frame.astype(int) - small_car()).max(axis=2) < 24
    assert right.mean() > 0.1  # whichever part it is


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_damaged_pictures_are_turned_upright(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = by_pillow(rgb(), form, exif=exif)
    picture = decode_picture(data[: len(data) * 4 // 5], max_pixels=MAX_PIXELS)
    assert picture.damaged
    assert picture.frame.shape == ((240, 320, 3) if orientation == 1 else (320, 240, 3))


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in costly()])
def test_costly_files_reach_no_decoder(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that grows with the input is refused before any library sees the file."""

    def used(*arguments: object, **options: object) -> None:
        raise AssertionError("a library was asked")

    for library, name in ((cv2, "imdecode"), (simplejpeg, "decode_jpeg"), (Image, "open")):
        monkeypatch.setattr(library, name, used)
    with pytest.raises(TooCostly):
        decode_image(data, max_pixels=MAX_PIXELS)


def test_honest_progressive_jpegs_may_have_many_scans() -> None:
    assert read_jpeg_header(many_scans(60, 4000, 3000)).scans == 70


def test_shared_values_of_exif_are_not_copied() -> None:
    """In 60 kB of a JPEG they would become 3.6 MB, in the 20 MB of a PNG gigabytes."""
    bomb = shared_values(100, 60_000)
    exif = b"\xff\xe1" + (len(bomb) + 8).to_bytes(2, "big") + b"Exif\0\0" + bomb
    jpeg = valid()["jpeg"]
    for data in (jpeg[:2] + exif + jpeg[2:], by_pillow(rgb(), "PNG", exif=b"Exif\0\0" + bomb)):
        tracemalloc.start()
        assert not decode_picture(data, max_pixels=MAX_PIXELS).damaged
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_500_000


def _thumbnail(frame: Frame) -> np.typing.NDArray[np.int_]:
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (20, 15), interpolation=cv2.INTER_AREA).astype(int)


def test_colours_are_in_the_order_blue_green_red() -> None:
    orange = by_pillow(Image.new("RGB", (8, 8), (255, 128, 0)), "PNG")
    assert decode_image(orange, max_pixels=64)[0, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", TRANSPOSED_BY_ORIENTATION)
def test_exif_rotation_is_applied(form: str, orientation: int) -> None:
    transposed = TRANSPOSED_BY_ORIENTATION[orientation]
    stored = rgb() if transposed is None else rgb().transpose(transposed)
    exif = Image.Exif()
    exif[0x0112] = orientation
    frame = decode_image(by_pillow(stored, form, exif=exif), max_pixels=MAX_PIXELS)
    assert frame.shape == (240, 320, 3)
    assert np.abs(frame.astype(int) - small_car()).mean() < 10


def test_the_limit_on_pixels_is_inclusive() -> None:
    picture = by_pillow(Image.new("RGB", (20, 10)), "PNG")
    assert decode_image(picture, max_pixels=200).shape == (10, 20, 3)
    with pytest.raises(ImageError, match="20 x 10 pixels; at most 199") as refusal:
        decode_image(picture, max_pixels=199)
    assert refusal.value.code == "too_many_pixels"


@pytest.mark.parametrize(("most", "scale"), [(76_800, 1), (76_799, 2), (19_200, 2), (19_199, 4)])
def test_large_jpegs_are_decoded_at_the_scale_that_fits(most: int, scale: int) -> None:
    picture = decode_picture(valid()["jpeg"], max_pixels=most, reduce=True)
    assert (picture.width, picture.height, picture.scale) == (320, 240, scale)
    assert picture.frame.shape == (240 // scale, 320 // scale, 3)
    assert np.abs(_thumbnail(picture.frame) - _thumbnail(small_car())).mean() < 6


def test_a_reduced_picture_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = by_pillow(rgb().crop((0, 0, 301, 233)), "JPEG", exif=exif)
    picture = decode_picture(data, max_pixels=20_000, reduce=True)
    assert (picture.width, picture.height, picture.scale) == (233, 301, 2)
    assert picture.frame.shape == (151, 117, 3)


def test_what_cannot_be_reduced_is_refused() -> None:
    progressive = by_pillow(rgb(), "JPEG", progressive=True)
    for data in (*valid().values(), progressive):
        most = 76_800 // 9 if data is valid()["jpeg"] else 76_799
        with pytest.raises(TooManyPixels):
            decode_picture(data, max_pixels=most, reduce=True)
    with pytest.raises(TooManyPixels):
        decode_image(valid()["jpeg"], max_pixels=76_799)


def test_a_reduced_picture_takes_the_memory_of_its_frame() -> None:
    """48 megapixels; at full size they would take 144 MB."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    with pytest.raises(InvalidImage):  # it has no such pixels
        decode_picture(jpeg_header(8000, 6000), max_pixels=12_000_000, reduce=True)
    assert _status("VmHWM") - before < 80_000


def test_pictures_that_are_too_large_allocate_nothing() -> None:
    """A picture of 900 million pixels in 112 kB; decoded it would take 2.7 GB."""
    pictures = [data for _, data, code in refused() if code == "too_many_pixels"]
    assert len(huge_png()) < 200_000
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = _status("VmRSS")
    for data in pictures:
        with pytest.raises(ImageError):
            decode_image(data, max_pixels=MAX_PIXELS)
    assert _status("VmHWM") - before < 20_000


def _status(field: str) -> int:
    """In kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field)))
