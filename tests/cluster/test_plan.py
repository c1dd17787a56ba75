"""Parts of a long job: the same whenever it goes on, and of the same settings only."""

from pathlib import Path

import pytest

from app.cluster.places import Place
from app.cluster.plan import Part, check_job, plan_parts, unfinished
from app.errors import InvalidRequest

PICTURES = [f"/pictures/{number:02d}.jpg" for number in range(10)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "out"))


def test_parts_have_each_picture_once(place: Place) -> None:
    parts = plan_parts(place, [*PICTURES, PICTURES[3]], size=4)
    assert [part.number for part in parts] == [0, 1, 2]
    assert [len(part.pictures) for part in parts] == [4, 4, 2]
    assert [picture for part in parts for picture in part.pictures] == PICTURES


def test_a_plan_stays_when_there_is_more_or_less(place: Place) -> None:
    first = plan_parts(place, PICTURES, size=4)
    more = ["/pictures/02b.jpg", "/pictures/99.jpg"]
    again = plan_parts(place, [*PICTURES[5:], *more], size=100)
    assert again == [*first, Part(3, tuple(more))]
    assert plan_parts(place, PICTURES, size=1) == again


def test_what_is_left_are_parts_without_their_file(place: Place) -> None:
    parts = plan_parts(place, PICTURES, size=4)
    assert unfinished(place, parts, "parquet") == parts
    place.write(parts[1].file("parquet"), b"rows")
    assert unfinished(place, parts, "parquet") == [parts[0], parts[2]]
    assert unfinished(place, parts, "jsonl") == parts


def test_a_file_is_there_whole_or_not_at_all(place: Place, tmp_path: Path) -> None:
    parts = plan_parts(place, PICTURES, size=4)
    half = tmp_path / "out" / f".{parts[0].file('parquet')}.0123"
    half.write_bytes(b"the machine died he")
    place.sweep()
    assert not half.exists()
    assert unfinished(place, parts, "parquet") == parts


def test_a_job_goes_on_with_what_it_was_begun_with(place: Place) -> None:
    check_job(place, {"format": "parquet", "detail": "auto"})
    check_job(place, {"format": "parquet", "detail": "auto"})
    with pytest.raises(InvalidRequest, match="begun with another detail, rotate:"):
        check_job(place, {"format": "parquet", "detail": "low", "rotate": 90})


def test_a_folder_of_somebody_else_is_left_alone(place: Place, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("the only copy")
    with pytest.raises(InvalidRequest, match="has other files in it"):
        check_job(place, {"format": "parquet"})
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.txt"]
