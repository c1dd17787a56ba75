"""Pictures without their plates."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin

from app.cli.redact import count_readable
from app.config import Settings
from app.vision.detection.exhaustive import find_all
from app.vision.images.decode import decode_image
from app.vision.images.original import open_original
from app.vision.pipeline import PlatePipeline
from app.vision.redact import RedactOptions, Style, cover, redact
from app.vision.types import Box, Frame
from tests.corpus import damaged, readable
from tests.good import by_pillow
from tests.pictures import draw_car, encode

MAX_PIXELS = 10_000_000
BLUR = RedactOptions(min_confidence=0.1, margin=0.1, style="blur")
FILL = RedactOptions(min_confidence=0.1, margin=0.1, style="fill")
PLATE = Box(235, 290, 405, 351)
"""Of the drawn car."""


def as_rgb(frame: Frame) -> Image.Image:
    return Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))


def read(pipeline: PlatePipeline, data: bytes) -> list[str]:
    crop = PLATE.crop(decode_image(data, max_pixels=MAX_PIXELS))
    return [characters.text for characters in pipeline.recognizer.read([crop])]


@pytest.mark.parametrize("style", ["blur", "fill"])
def test_the_plate_cannot_be_read_any_more(
    pipeline: PlatePipeline, settings: Settings, car_jpeg: bytes, style: Style
) -> None:
    done = redact(pipeline, car_jpeg, RedactOptions(0.1, 0.1, style))
    assert done.media_type == "image/jpeg"
    assert len(done.plates) == 1
    assert read(pipeline, car_jpeg) == ["ABC123"]
    assert read(pipeline, done.data) != ["ABC123"]
    assert count_readable(pipeline, car_jpeg, done.data, settings) == (1, 0)


def rewrite(data: bytes) -> bytes:
    return open_original(data, max_pixels=MAX_PIXELS).write()


def all_pixels(data: bytes) -> NDArray[Any]:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    return pixels


def variants(car: Frame) -> Iterator[tuple[str, bytes]]:
    grey = cv2.cvtColor(car, cv2.COLOR_BGR2GRAY)
    alpha = np.full(grey.shape, 200, np.uint8)
    alpha[:50] = 0
    yield "8-bit", encode(car, ".png")
    yield "grey", cv2.imencode(".png", grey)[1].tobytes()
    yield "transparent", cv2.imencode(".png", np.dstack([car, alpha]))[1].tobytes()
    deep = car.astype(np.uint16) * 257 + 3
    yield "16-bit", cv2.imencode(".png", deep)[1].tobytes()
    yield "16-bit grey", cv2.imencode(".png", deep[:, :, 1].copy())[1].tobytes()
    yield "palette", by_pillow(as_rgb(car).quantize(200), "PNG")


@pytest.mark.parametrize("name", [name for name, _ in variants(draw_car("ABC123"))])
def test_the_pixels_of_a_png_elsewhere_are_untouched(
    pipeline: PlatePipeline, car: Frame, name: str
) -> None:
    data = dict(variants(car))[name]
    done = redact(pipeline, data, FILL)
    assert done.media_type == "image/png"
    before, after = all_pixels(data), all_pixels(done.data)
    assert after.dtype == before.dtype
    assert after.shape == before.shape
    changed = before != after
    rows, columns = np.nonzero(changed.any(axis=2) if changed.ndim == 3 else changed)
    assert rows.min() > 200
    assert rows.max() < 420
    assert columns.min() > 180
    assert columns.max() < 460
    colours = after[:, :, :3] if after.ndim == 3 else after
    assert not PLATE.crop(colours)[10:-10, 10:-10].any()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_is_applied_and_metadata_dropped(car: Frame, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "S"
    data = by_pillow(as_rgb(car), kind, exif=exif)
    original = open_original(data, max_pixels=MAX_PIXELS)
    upright = decode_image(data, max_pixels=MAX_PIXELS)
    assert np.array_equal(original.pixels, upright)
    assert np.array_equal(original.frame, upright)
    assert b"home" in data
    rewritten = original.write()
    with Image.open(io.BytesIO(rewritten)) as written:
        assert written.format == kind
        assert not written.getexif()
        height, width = original.frame.shape[:2]
        assert written.size == (width, height)
    assert b"home" not in rewritten


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("damage", [b"", b"\0", b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"MM" * 40])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_is_dropped(car: Frame, kind: str, damage: bytes) -> None:
    data = by_pillow(as_rgb(car), kind, exif=damage)
    original = open_original(data, max_pixels=MAX_PIXELS)
    assert original.pixels.shape == car.shape
    assert np.array_equal(original.pixels, original.frame)


def test_other_metadata_is_dropped_and_the_colour_profile_kept(car: Frame) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "taken at home")
    picture = as_rgb(car)
    for data in (
        by_pillow(picture, "JPEG", comment=b"taken at home", icc_profile=profile, xmp=b"home"),
        by_pillow(picture, "PNG", pnginfo=text, icc_profile=profile),
        by_pillow(picture, "WEBP", xmp=b"home", icc_profile=profile),
    ):
        assert b"home" in data
        rewritten = rewrite(data)
        assert b"home" not in rewritten
        with Image.open(io.BytesIO(rewritten)) as written:
            assert written.info["icc_profile"] == profile


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_colour_profile_does_not_hurt(car: Frame, kind: str) -> None:
    data = by_pillow(as_rgb(car), kind, icc_profile=b"no profile" * 20)
    assert decode_image(rewrite(data), max_pixels=MAX_PIXELS).shape == car.shape


@pytest.mark.parametrize(("quality", "subsampling"), [(30, 2), (85, 1), (97, 0)])
def test_a_jpeg_keeps_its_quality(car: Frame, quality: int, subsampling: int) -> None:
    data = by_pillow(as_rgb(car), "JPEG", quality=quality, subsampling=subsampling)
    rewritten = rewrite(data)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(rewritten)) as after:
        assert isinstance(before, JpegImagePlugin.JpegImageFile)
        assert isinstance(after, JpegImagePlugin.JpegImageFile)
        assert after.quantization == before.quantization
        assert JpegImagePlugin.get_sampling(after) == subsampling
    once = decode_image(data, max_pixels=MAX_PIXELS).astype(int)
    twice = decode_image(rewritten, max_pixels=MAX_PIXELS).astype(int)
    assert np.abs(once - twice).mean() < 0.5
    assert len(rewritten) <= 1.05 * len(data)


@pytest.mark.parametrize(("mode", "written_mode"), [("L", "L"), ("CMYK", "RGB")])
def test_a_grey_and_a_four_colour_jpeg(car: Frame, mode: str, written_mode: str) -> None:
    data = by_pillow(as_rgb(car).convert(mode), "JPEG")
    with Image.open(io.BytesIO(rewrite(data))) as written:
        assert (written.format, written.mode) == ("JPEG", written_mode)


def test_a_lossless_webp_stays_lossless(car: Frame) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = by_pillow(as_rgb(car), "WEBP", lossless=True, icc_profile=profile)
    assert data.index(b"VP8L") > len(profile)
    assert np.array_equal(all_pixels(data), all_pixels(rewrite(data)))
    lossy = rewrite(by_pillow(as_rgb(car), "WEBP", quality=60))
    assert b"VP8 " in lossy[:64]
    assert b"VP8L" not in lossy[:64]


@pytest.mark.parametrize(
    ("data", "size"), [pytest.param(data, size, id=name) for name, data, size in readable()]
)
def test_odd_pictures_are_written_again(data: bytes, size: tuple[int, int]) -> None:
    original = open_original(data, max_pixels=MAX_PIXELS)
    assert original.frame.shape == (*size, 3)
    assert original.pixels.shape[:2] == size
    assert decode_image(original.write(), max_pixels=MAX_PIXELS).shape == (*size, 3)


@pytest.mark.parametrize("kind", ["AVIF", "BMP", "TIFF", "GIF"])
def test_other_formats_become_png(car: Frame, kind: str) -> None:
    data = by_pillow(as_rgb(car), kind)
    assert np.array_equal(all_pixels(rewrite(data)), decode_image(data, max_pixels=MAX_PIXELS))


def test_a_blurred_plate_keeps_nothing_but_its_patches() -> None:
    """Shuffling the pixels within each of the 4 x 2 patches does not change the result."""
    random = np.random.default_rng(3)
    plate = random.integers(0, 256, (60, 160, 3)).astype(np.uint8)
    shuffled = plate.copy()
    for top in (0, 30):
        for left in (0, 40, 80, 120):
            patch = shuffled[top : top + 30, left : left + 40]
            patch[...] = random.permutation(patch.reshape(-1, 3)).reshape(patch.shape)
    assert not np.array_equal(plate, shuffled)
    box, options = [Box(0, 0, 160, 60)], RedactOptions(0.1, 0, "blur")
    cover(plate, box, options)
    cover(shuffled, box, options)
    assert np.array_equal(plate, shuffled)


@pytest.mark.parametrize("style", ["blur", "fill"])
@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(3, 2, 40, 30), Box(39, 29, 40, 30)])
def test_boxes_at_the_border(style: Style, box: Box) -> None:
    pixels = np.full((30, 40, 4), 7, np.uint8)
    cover(pixels, [box], RedactOptions(0.1, 1.0, style))
    if style == "fill":
        assert pixels[box.y1, box.x1].tolist() == [0, 0, 0, 255]
    else:
        assert (pixels == 7).all()


def test_the_margin_is_covered_as_well() -> None:
    pixels = np.full((100, 200), 9, np.uint16)
    cover(pixels, [Box(50, 40, 150, 60)], RedactOptions(0.1, 0.1, "fill"))
    rows, columns = np.nonzero(pixels == 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (38, 61, 40, 159)


def test_small_plates_of_large_pictures_are_found(pipeline: PlatePipeline, car: Frame) -> None:
    street = np.full((1500, 2000, 3), 120, np.uint8)
    street[900:1080, 1200:1440] = cv2.resize(car, (240, 180), interpolation=cv2.INTER_AREA)
    plate = Box(1200 + 88, 900 + 108, 1200 + 152, 900 + 132)
    found = find_all(pipeline.detector, street, 0.1)
    assert any(
        min(seen.box.x2, plate.x2) - max(seen.box.x1, plate.x1) > 0.8 * plate.width
        and min(seen.box.y2, plate.y2) - max(seen.box.y1, plate.y1) > 0.8 * plate.height
        for seen in found
    )


@pytest.mark.slow
def test_no_plate_of_real_photos_remains_readable(
    pipeline: PlatePipeline, settings: Settings, shared: Path
) -> None:
    """Some of the photos; `python -m app redact --check` on all of them takes minutes."""
    photos = shared / "data" / "photos"
    with (photos / "labels.csv").open() as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["source"].startswith("openalpr") and row["text"]
        ]
    readable = 0
    for row in rows[::30]:
        data = (photos / row["file"]).read_bytes()
        done = redact(pipeline, data, BLUR)
        before, left = count_readable(pipeline, data, done.data, settings)
        readable += before
        assert left == 0
        box = Box(*(round(float(row[side])) for side in ("x1", "y1", "x2", "y2")))
        after = decode_image(done.data, max_pixels=settings.max_pixels)
        crop = box.clipped(after.shape[1], after.shape[0]).crop(after)
        assert pipeline.recognizer.read([crop])[0].text != row["text"]
    assert readable > 7


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_decoded_once(car: Frame, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    for library, name in ((cv2, "imdecode"), (simplejpeg, "decode_jpeg")):
        function = getattr(library, name)

        def spy(*arguments: Any, function: Any = function, **options: Any) -> Any:
            decoded.append(form)
            return function(*arguments, **options)

        monkeypatch.setattr(library, name, spy)
    open_original(by_pillow(as_rgb(car), form), max_pixels=MAX_PIXELS)
    assert decoded == [form]


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in damaged()])
def test_what_is_left_of_a_damaged_picture_is_redacted(data: bytes) -> None:
    original = open_original(data, max_pixels=MAX_PIXELS)
    assert original.damaged
    assert decode_image(original.write(), max_pixels=MAX_PIXELS).shape == (240, 320, 3)
