"""Files that people, scripts and attackers send where a picture is expected.

Everything is built here from a drawn picture; nothing is random from run to run.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.crafted import (
    avif_header,
    bmp,
    gif,
    huge_png,
    jpeg_header,
    png,
    png_chunk,
    shared_values,
    tiff,
    tiff_of,
    vp8x,
)
from tests.good import by_pillow, rgb, small_car, valid
from tests.pictures import encode


def frames(form: str, **options: object) -> bytes:
    """Two different pictures in one file."""
    second = Image.new("RGB", rgb().size, "red")
    return by_pillow(rgb(), form, save_all=True, append_images=[second], **options)


def _flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]


def _zip(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def refused() -> Iterator[tuple[str, bytes, str]]:
    """Name, bytes and the code of the answer."""
    good = valid()
    yield "nothing", b"", "empty_image"
    yield from ((name, data, "invalid_image") for name, data in _no_pictures())
    for name, data in good.items():
        for share in (0.3, 0.6, 0.95) if name in ("webp", "avif") else ():
            yield f"{name} cut at {share:.0%}", data[: int(len(data) * share)], "invalid_image"
        yield f"{name} cut in its header", data[:20], "invalid_image"
        yield f"{name} with its signature flipped", _flipped(data, 1), "invalid_image"
        yield f"{name} without its signature", data[16:], "invalid_image"
    yield "png with a damaged header", _flipped(good["png"], 18), "invalid_image"
    yield "png of colour type 7", png(8, 8, colour=7), "invalid_image"
    yield "png without pixels", png(64, 64), "invalid_image"
    yield "jpeg of two markers", b"\xff\xd8\xff\xd9", "invalid_image"
    yield "jpeg without a scan", good["jpeg"][: good["jpeg"].index(b"\xff\xda")], "invalid_image"
    yield "jpeg with nothing in its scan", good["jpeg"][: _scan(good["jpeg"])], "invalid_image"
    yield "jpeg of 12 bits", _with_precision(good["jpeg"], 12), "unsupported_image"
    yield "lossless jpeg", good["jpeg"].replace(b"\xff\xc0", b"\xff\xc3", 1), "unsupported_image"
    yield from ((name, data, "too_costly") for name, data in costly())
    yield "webp of another length", good["webp"][:4] + bytes(4) + good["webp"][8:], "invalid_image"
    for name, data in _no_area():
        yield name, data, "invalid_image"
    for name, data in _too_large():
        yield name, data, "too_many_pixels"
    yield "animated gif", frames("GIF"), "animated_image"
    yield "animated webp", frames("WEBP"), "animated_image"
    yield "animated avif", frames("AVIF"), "animated_image"
    yield "animated png", frames("PNG"), "animated_image"
    yield "tiff of two pages", frames("TIFF"), "animated_image"
    for brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        box = struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"heicmif1"
        yield f"{brand.decode()} file", box + bytes(200), "unsupported_image"
    yield "jpeg 2000", by_pillow(rgb(), "JPEG2000"), "unsupported_image"
    yield "icon", by_pillow(rgb(), "ICO"), "unsupported_image"
    yield "portable pixmap", by_pillow(rgb(), "PPM"), "unsupported_image"
    for form in ("TGA", "PCX", "EPS"):
        yield form.lower(), by_pillow(rgb(), form), "invalid_image"


def damaged() -> Iterator[tuple[str, bytes]]:
    """Files of which part is lost, but not all: at least a tenth is there."""
    good = valid()
    progressive = by_pillow(rgb(), "JPEG", progressive=True)
    for name, data in (("progressive jpeg", progressive), *good.items()):
        if name in ("webp", "avif"):  # their decoders give all or nothing
            continue
        for share in (0.3, 0.6, 0.95):
            yield f"{name} cut at {share:.0%}", data[: int(len(data) * share)]
    jpeg = good["jpeg"]
    yield "jpeg without its last two bytes", jpeg[:-2]
    yield "jpeg that lost 70% of its scan", jpeg[: _scan(jpeg) + 3 * len(jpeg) // 10] + jpeg[-2:]
    hole = _scan(jpeg) + len(jpeg) // 3
    yield "jpeg with a hole", jpeg[:hole] + jpeg[hole + len(jpeg) // 4 :]
    yield "png with damaged pixels", _flipped(good["png"], len(good["png"]) // 2)


def _scan(jpeg: bytes) -> int:
    """Where the coded data of a JPEG begins."""
    start = jpeg.index(b"\xff\xda") + 2
    return start + int.from_bytes(jpeg[start : start + 2], "big")


def _with_precision(jpeg: bytes, bits: int) -> bytes:
    frame = jpeg.index(b"\xff\xc0") + 4
    return jpeg[:frame] + bytes([bits]) + jpeg[frame + 1 :]


def many_scans(count: int, width: int, height: int) -> bytes:
    """A JPEG that says it has that size, with 10 scans and so many empty ones behind them."""
    data = by_pillow(Image.new("RGB", (16, 16), "gray"), "JPEG", progressive=True)
    size = data.index(b"\xff\xc2") + 5
    data = data[:size] + struct.pack(">HH", height, width) + data[size + 4 :]
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def costly() -> Iterator[tuple[str, bytes]]:
    """Small files that cost a decoder, or a parser of metadata, far more than their pixels."""
    good = valid()
    jpeg, png_file, gif_file = good["jpeg"], good["png"], good["gif"]
    yield "jpeg of 101 scans", many_scans(91, 16, 16)
    yield "large jpeg of 30 scans", many_scans(20, 8000, 6000)
    yield "jpeg of many segments", jpeg[:2] + b"\xff\xef\0\2" * 2000 + jpeg[2:]
    yield "png of many chunks", png_file[:33] + png_chunk(b"abCd") * 2000 + png_file[33:]
    pixels = png_file.index(b"IDAT") - 4
    yield (
        "png of many empty chunks of pixels",
        png_file[:pixels] + png_chunk(b"IDAT") * 2000 + png_file[pixels:],
    )
    palette = 13 + 3 * 256
    comment = b"\x21\xfe" + b"\1a" * 5000 + b"\0"
    yield "gif of many blocks", gif_file[:palette] + comment + gif_file[palette:]
    yield "tiff of shared values", shared_values(200, 100_000)
    yield "tiff of many entries", shared_values(2000, 1)
    size = ((256, 4, 1, 1), (257, 4, 1, 5000), (258, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1))
    counts = struct.pack("<I", 100_000) * 5000
    offset = 8 + 2 + 12 * 8 + 4
    strips = ((278, 4, 1, 1), (273, 4, 5000, offset), (279, 4, 5000, offset))
    yield "tiff of overlapping strips", tiff_of(*size, *strips, tail=counts)
    tiles = ((322, 4, 1, 1 << 17), (323, 4, 1, 1 << 17), (324, 4, 1, 8), (325, 4, 1, 64))
    yield "tiff of a huge tile", tiff_of(*size, *tiles)
    yield "avif with exif of shared values", good["avif"] + shared_values(200, 100_000)


def _no_pictures() -> Iterator[tuple[str, bytes]]:
    yield "one byte", b"\x00"
    yield "zeros", bytes(100_000)
    yield "text", b"just some text, no picture at all"
    yield "noise", np.random.default_rng(3).bytes(20_000)
    yield "html", b"<!doctype html><html><body><img src='car.jpg'></body></html>"
    yield "svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>"
    yield (
        "svg with an entity bomb",
        (
            b"<?xml version='1.0'?><!DOCTYPE s [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
            b"<svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>"
        ),
    )
    yield "pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    yield "zip with a picture", _zip("car.jpg", valid()["jpeg"])
    yield "gzip", zlib.compress(valid()["jpeg"], wbits=31)
    yield "json", b'{"file": "car.jpg"}'
    yield "base64 of a picture", b"/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQ"
    yield "video", struct.pack(">I", 24) + b"ftypisom" + bytes(4) + b"isommp42" + bytes(500)
    yield "program", b"\x7fELF\x02\x01\x01" + bytes(300)
    yield "html before a jpeg", b"<script>alert(1)</script>" + valid()["jpeg"]
    yield "zip before a png", _zip("a.txt", b"a") + valid()["png"]


def _no_area() -> Iterator[tuple[str, bytes]]:
    yield "png of 0 x 0", png(0, 0)
    yield "png of 0 x 10", png(0, 10)
    yield "bmp of 0 x 0", bmp(0, 0)
    yield "bmp of 10 x 0", bmp(10, 0)
    yield "gif of 0 x 0", gif(0, 0)
    yield "tiff of 0 x 0", tiff(0, 0)
    yield "jpeg of 0 x 0", jpeg_header(0, 0)
    yield "avif of 0 x 0", avif_header(0, 0)
    yield "avif of 60,000 x 60,000", avif_header(60_000, 60_000)  # not what its pixels say


def _too_large() -> Iterator[tuple[str, bytes]]:
    yield "png of 30,000 x 30,000", huge_png()
    yield "png of 2^31 - 1 squared", png(2**31 - 1, 2**31 - 1)
    yield "bmp of 2^31 - 1 squared", bmp(2**31 - 1, 2**31 - 1)
    yield "bmp of 20,000 x -20,000", bmp(20_000, -20_000)
    yield "gif of 65,535 x 65,535", gif(65_535, 65_535)
    yield "webp of 16,384 x 16,384", vp8x(16_384, 16_384)
    yield "tiff of 100,000 x 100,000", tiff(100_000, 100_000)
    yield "tiff of 2^32 - 1 squared", tiff(2**32 - 1, 2**32 - 1)
    yield "jpeg of 65,500 x 65,500", jpeg_header(65_500, 65_500)


def readable() -> Iterator[tuple[str, bytes, tuple[int, int]]]:
    """Odd files that must be read all the same: name, bytes, height and width."""
    yield from ((name, data, (240, 320)) for name, data in (*valid().items(), *_same_size()))
    yield "odd-sized png", by_pillow(rgb().crop((0, 0, 317, 233)), "PNG"), (233, 317)
    for width, height in ((1, 1), (2, 2), (65_000, 1), (1, 65_000), (20_000, 3)):
        data = by_pillow(Image.new("RGB", (width, height), "white"), "PNG")
        yield f"{width} x {height}", data, (height, width)


def _same_size() -> Iterator[tuple[str, bytes]]:
    image, grey = rgb(), rgb().convert("L")
    deep = small_car().astype(np.uint16) * 257
    yield "jpeg in cmyk", by_pillow(image.convert("CMYK"), "JPEG")
    yield "grey jpeg", by_pillow(grey, "JPEG")
    yield "progressive jpeg", by_pillow(image, "JPEG", progressive=True)
    yield "jpeg with a colour profile", by_pillow(image, "JPEG", icc_profile=bytes(3000))
    yield "jpeg with bytes behind it", valid()["jpeg"] + b"trailing" * 9
    yield "jpeg before a zip", valid()["jpeg"] + _zip("a.txt", b"a")
    yield "mpo", frames("MPO")
    yield "grey png", by_pillow(grey, "PNG")
    yield "one-bit png", by_pillow(image.convert("1"), "PNG")
    yield "16-bit grey png", encode(deep[:, :, 1].copy(), ".png")
    yield "16-bit png", encode(deep, ".png")
    yield "16-bit tiff", encode(deep, ".tiff")
    yield "png with alpha", by_pillow(image.convert("RGBA"), "PNG")
    yield "grey png with alpha", by_pillow(image.convert("LA"), "PNG")
    yield "palette png", by_pillow(image.convert("P"), "PNG")
    yield "tiff with lzw", by_pillow(image, "TIFF", compression="tiff_lzw")
    yield "grey tiff", by_pillow(grey, "TIFF")
    yield "webp with alpha", by_pillow(image.convert("RGBA"), "WEBP")
    yield "lossless webp", by_pillow(image, "WEBP", lossless=True)
    avif = valid()["avif"]
    yield "avif of the brand mif1", avif[:8] + b"mif1" + avif[12:]
    for packing in ("zstd", "lzma", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield f"tiff with {packing}", by_pillow(image, "TIFF", compression=packing)
    yield "tiff of floats", by_pillow(Image.fromarray(np.asarray(grey, np.float32)), "TIFF")
    yield "jpeg with other bytes before its end", valid()["jpeg"][:-2] + b"ab\xff\xd9"
    yield "avif with alpha", by_pillow(image.convert("RGBA"), "AVIF")
    yield "palette bmp", by_pillow(image.convert("P"), "BMP")
