"""Where pictures come from and rows go to: folders, patterns, and a real server of S3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from app.cluster.places import Place, Source, find_pictures
from app.errors import InvalidRequest
from tests.s3 import s3_server

BUCKET = "traffic"
FILES = ("a.jpg", "a/b.PNG", "a/c.jpg", "a/deep/er/d.jpg", "a/notes.txt", "z [1]/e%20 #é.webp")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    return tmp_path / "in"


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with s3_server() as variables:
        yield variables


@pytest.fixture
def bucket(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    client: Any = boto3.session.Session().client("s3")
    client.create_bucket(Bucket=BUCKET)
    for name in FILES:
        client.put_object(Bucket=BUCKET, Key=f"site/{name}", Body=name.encode())
    return f"s3://{BUCKET}/site"


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_folders_and_patterns(kind: str, request: pytest.FixtureRequest) -> None:
    """An object's name may have what an address would have to write in another way."""
    root = str(request.getfixturevalue(kind))
    source = Source()

    def found(*below: str) -> list[str]:
        pictures = find_pictures("/".join([root, *below]))
        assert all(source.read(picture).decode() in picture for picture in pictures)
        return [picture.removeprefix(f"{root}/") for picture in pictures]

    assert found() == ["a.jpg", "a/b.PNG", "a/c.jpg", "a/deep/er/d.jpg", "z [1]/e%20 #é.webp"]
    assert found("a/c.jpg") == ["a/c.jpg"]
    assert found("a/*.jpg") == ["a/c.jpg"]
    assert found("*/*.[jP]*") == ["a/b.PNG", "a/c.jpg"]
    assert found("**/?.jpg") == ["a.jpg", "a/c.jpg", "a/deep/er/d.jpg"]
    assert found("a/n*") == ["a/notes.txt"], "what a pattern names is wanted, whatever it is"
    assert found("z [1]") == ["z [1]/e%20 #é.webp"], "a name that is there is no pattern"
    assert found("a/none*") == []


@pytest.mark.parametrize("kind", ["tmp_path", "bucket"])
def test_rows_are_written_whole(kind: str, request: pytest.FixtureRequest) -> None:
    place = Place(f"{request.getfixturevalue(kind)}/out/rows")
    assert list(place.names()) == []
    place.write("part-0.parquet", b"one")
    place.write("part-0.parquet", b"another")
    assert list(place.names()) == ["part-0.parquet"]
    assert place.read("part-0.parquet") == b"another"


def test_addresses_hold_in_other_working_directories(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert find_pictures("a/*.jpg") == [str(folder / "a" / "c.jpg")]
    assert find_pictures("*.jpg") == [str(folder / "a.jpg")]
    assert Place("rows").address == str(folder / "rows")


@pytest.mark.parametrize("address", ["nowhere", "nowhere/*.jpg", "ftp+x://host/folder"])
def test_what_is_not_there_is_said(address: str, tmp_path: Path) -> None:
    given = address if "://" in address else f"{tmp_path}/{address}"
    with pytest.raises(InvalidRequest, match=r"No file or folder|is no storage that can be read"):
        find_pictures(given)
