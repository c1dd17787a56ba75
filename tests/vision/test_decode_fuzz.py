"""Changed files: whatever they have become, they are a picture or an ImageError."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import ImageError
from app.vision.images.decode import decode_picture
from app.vision.images.original import open_original
from tests.corpus import costly, damaged, frames
from tests.crafted import tiff_of
from tests.good import by_pillow, rgb, valid

MAX_PIXELS = 200_000
"""The samples have 76,800."""
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "200"))
MOST_STEPS = 100_000
"""Lines of Python that the readers may run for a file of some kilobytes: counted, not timed."""


@cache
def samples() -> dict[str, bytes]:
    picture = rgb()
    return {
        **valid(),
        "progressive": by_pillow(picture, "JPEG", progressive=True),
        "cmyk": by_pillow(picture.convert("CMYK"), "JPEG"),
        "mpo": frames("MPO"),
        "palette": by_pillow(picture.quantize(64), "PNG"),
        "zstd": by_pillow(picture, "TIFF", compression="zstd"),
        "lzw": by_pillow(picture, "TIFF", compression="tiff_lzw"),
        "lossless": by_pillow(picture, "WEBP", lossless=True),
        "tags": tiff_of((256, 4, 1, 8), (257, 4, 1, 8), (273, 4, 1, 8), (279, 4, 1, 64)),
    }


Edit = tuple[str, float, bytes, float]


def edits() -> st.SearchStrategy[list[Edit]]:
    """Kind, where as a share of the file, with what, and how much of the file it takes.

    Half of them are near the start, where the structure is.
    """
    small = st.binary(min_size=1, max_size=8)
    place = st.one_of(st.floats(0, 1), st.floats(0, 0.02))
    kinds = st.sampled_from(("overwrite", "insert", "delete", "cut", "repeat"))
    edge = st.sampled_from((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\xff\xda", b"\1"))
    return st.lists(
        st.tuples(kinds, place, st.one_of(small, edge), st.floats(0, 1)),
        min_size=1,
        max_size=4,
    )


def changed(data: bytes, wanted: list[Edit]) -> bytes:
    for kind, place, new, share in wanted:
        at = int(place * len(data))
        end = at + int(share * share * (len(data) - at))
        if kind == "overwrite":
            data = data[:at] + new + data[at + len(new) :]
        elif kind == "insert":
            data = data[:at] + new + data[at:]
        elif kind == "delete":
            data = data[:at] + data[end:]
        elif kind == "cut":
            data = data[:at]
        else:
            data = data[:end] + data[at:end] * 2 + data[end:]
    return data


def check(data: bytes) -> None:
    for reduce in (False, True):
        try:
            picture = decode_picture(data, max_pixels=MAX_PIXELS, reduce=reduce)
        except ImageError:
            continue
        assert picture.frame.dtype == np.uint8
        height, width, channels = picture.frame.shape
        assert channels == 3
        assert 0 < height * width <= MAX_PIXELS
        assert picture.frame.flags["C_CONTIGUOUS"]
    with suppress(ImageError):
        original = open_original(data, max_pixels=MAX_PIXELS)
        decode_picture(original.write(), max_pixels=MAX_PIXELS)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.sampled_from(sorted(samples())), edits())
def test_changed_files_are_pictures_or_refused(name: str, wanted: list[Edit]) -> None:
    check(changed(samples()[name], wanted))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", sorted(samples()))
def test_files_cut_anywhere_are_pictures_or_refused(name: str) -> None:
    data = samples()[name]
    for end in (*range(0, 64, 3), *np.linspace(64, len(data), 12).astype(int)):
        check(data[:end])


def steps(work: Callable[[], object]) -> int:
    """Lines of Python run by it."""
    count = 0

    def trace(*_: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "data", [pytest.param(data, id=name) for name, data in (*costly(), *damaged())]
)
def test_the_work_in_python_is_bounded(data: bytes) -> None:
    def work() -> None:
        with suppress(ImageError):
            decode_picture(data, max_pixels=50_000_000)

    assert steps(work) < MOST_STEPS
