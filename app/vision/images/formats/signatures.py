"""Which kind of picture some bytes begin like."""

from collections.abc import Iterator

from app.errors import InvalidImage, UnsupportedImage
from app.vision.images.formats.png import SIGNATURE

_DECODED = (
    ("JPEG", b"\xff\xd8\xff"),
    ("PNG", SIGNATURE),
    ("GIF", b"GIF87a"),
    ("GIF", b"GIF89a"),
    ("BMP", b"BM"),
    ("TIFF", b"II*\0"),
    ("TIFF", b"MM\0*"),
    ("TIFF", b"II+\0"),
    ("TIFF", b"MM\0+"),
)
# Told from damaged data by name.
_REFUSED = (
    ("JPEG 2000", b"\xff\x4f\xff\x51"),
    ("JPEG 2000", b"\0\0\0\x0cjP  "),
    ("JPEG XL", b"\xff\x0a"),
    ("JPEG XL", b"\0\0\0\x0cJXL "),
    ("ICO", b"\0\0\1\0"),
    ("PSD", b"8BPS"),
    *(("Netpbm", b"P%d%c" % (number, space)) for number in range(1, 7) for space in b" \t\r\n"),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def identify(data: bytes) -> str:
    """One of `JPEG`, `PNG`, `WEBP`, `AVIF`, `GIF`, `BMP`, `TIFF`, as Pillow calls them.

    Raises:
        UnsupportedImage: it is a picture of another kind.
        InvalidImage: it is none.
    """
    for kind, signature in _DECODED:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        brands = set(_brands(data))
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            raise UnsupportedImage("HEIC/HEIF images are not supported; send JPEG, PNG or WebP.")
    for kind, signature in _REFUSED:
        if data.startswith(signature):
            raise UnsupportedImage(f"{kind} images are not supported; send JPEG, PNG or WebP.")
    raise InvalidImage("The data is not an image the service knows.")


def _brands(data: bytes) -> Iterator[bytes]:
    """The major brand and the compatible ones: `mif1` alone says nothing of the codec."""
    end = min(int.from_bytes(data[:4], "big"), len(data), 1024)
    yield data[8:12]
    for position in range(16, end, 4):
        yield data[position : position + 4]
