"""Pictures put together byte by byte."""

import struct
import zlib

from tests.good import valid


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = b"") -> bytes:
    """A PNG whose header says what it likes."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )


def huge_png(side: int = 30_000) -> bytes:
    """A whole one-bit PNG of side x side pixels in about 100 kB."""
    row = b"\x00" * (1 + side // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, depth=1, colour=0, pixels=pixels)


def bmp(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info + bytes(64)


def gif(width: int, height: int) -> bytes:
    data = bytearray(valid()["gif"])
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def vp8x(width: int, height: int) -> bytes:
    """A WebP whose extended header announces a canvas."""
    body = valid()["webp"][12:]
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", 4 + len(chunk) + len(body)) + b"WEBP" + chunk + body


def tiff(width: int, height: int) -> bytes:
    entries = (
        *((256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1)),
        *((273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, 16)),
    )
    head = b"II*\x00" + struct.pack("<I", 24) + bytes(16)
    fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return head + struct.pack("<H", len(entries)) + fields + bytes(4)


def jpeg_header(width: int, height: int) -> bytes:
    """A JPEG whose frame header announces another size than its scan has."""
    data = bytearray(valid()["jpeg"])
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def avif_header(width: int, height: int) -> bytes:
    data = bytearray(valid()["avif"])
    extents = data.index(b"ispe") + 8
    data[extents : extents + 8] = struct.pack(">II", width, height)
    return bytes(data)


def png_chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def shared_values(entries: int, size: int) -> bytes:
    """A TIFF, which EXIF is, too: so many private entries that share one value of so many bytes."""
    fields = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    fields += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 64), (279, 4, 1, 4096)]
    fields += [(40_000 + number, 7, size, 8) for number in range(entries)]
    packed = b"".join(struct.pack("<HHII", *field) for field in fields)
    head = b"II*\0" + struct.pack("<I", 8 + size)
    return head + bytes(size) + struct.pack("<H", len(fields)) + packed + bytes(4)


def tiff_of(*fields: tuple[int, int, int, int], tail: bytes = b"") -> bytes:
    packed = b"".join(struct.pack("<HHII", *field) for field in sorted(fields))
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + packed + bytes(4) + tail
