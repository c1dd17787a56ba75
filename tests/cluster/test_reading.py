"""A part of a job: one row for each picture, whatever the picture."""

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.cluster.places import Place
from app.cluster.plan import Form, Part
from app.cluster.reading import Job, PartRead, read_part
from app.cluster.rows import COLUMNS
from app.config import Settings
from app.options import ReadQuery


@pytest.fixture
def part(tmp_path: Path, car_jpeg: bytes) -> Part:
    """A car, three that cannot be read, and the car again."""
    names = ["car.jpg", "cut.jpg", "text.jpg", "gone.jpg", "again.jpg"]
    for name, data in zip(names, [car_jpeg, b"", b"no picture", None, car_jpeg], strict=True):
        if data is not None:
            (tmp_path / name).write_bytes(data)
    return Part(7, tuple(str(tmp_path / name) for name in names))


def job(folder: Path, form: Form, settings: Settings) -> Job:
    one = settings.model_copy(update={"workers": 1})
    return Job(str(folder), form, one, ReadQuery().options(one), processors=1, gpus=0.0)


def test_parquet(part: Part, tmp_path: Path, settings: Settings) -> None:
    out = tmp_path / "out"
    assert read_part(part, job(out, "parquet", settings)) == PartRead(7, pictures=5, failed=3)
    (file,) = Place(str(out)).names()
    table = pq.read_table(io.BytesIO((out / file).read_bytes()))
    assert table.schema == COLUMNS
    assert table["picture"].to_pylist() == list(part.pictures)
    assert table["plate"].to_pylist() == ["ABC123", None, None, None, "ABC123"]
    assert table["code"].to_pylist() == [None, "empty_image", "invalid_image", "unreadable", None]
    assert json.loads(table["answer"][0].as_py())["plates"][0]["plate"] == "ABC123"


def test_json_lines(part: Part, tmp_path: Path, settings: Settings) -> None:
    out = tmp_path / "out"
    read_part(part, job(out, "jsonl", settings))
    (file,) = out.iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["picture"] for row in rows] == list(part.pictures)
    assert rows[4]["result"]["plate"] == "ABC123"
    assert (rows[3]["result"], rows[3]["error"]["code"]) == (None, "unreadable")
