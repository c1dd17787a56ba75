from pathlib import Path

import pytest

from app.lab.errors import DatasetError
from app.lab.evaluation.conditions import parse_condition, tag_values
from app.lab.evaluation.dataset import load_dataset

HEADER = "file,text,x1,y1,x2,y2,condition,split,source\n"
ROWS = """\
a.jpg,ABC 123,1,2,31,12,night; dirt,test,north/1
a.jpg,,40,2,60.5,12,,test,north/1
b.jpg,klm482,,,,,day,train,south
c.jpg,,,,,,,test,south
"""


def write(folder: Path, rows: str, header: str = HEADER) -> Path:
    (folder / "labels.csv").write_text(header + rows)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (folder / name).touch()
    return folder


def names(folder: Path, *conditions: str) -> list[str]:
    return [photo.name for photo in load_dataset(folder, [parse_condition(c) for c in conditions])]


def test_rows_become_labels(tmp_path: Path) -> None:
    a, b, c = load_dataset(write(tmp_path, ROWS))
    assert [(label.text, label.box) for label in a.labels] == [
        ("ABC123", (1.0, 2.0, 31.0, 12.0)),
        (None, (40.0, 2.0, 60.5, 12.0)),
    ]
    assert [(label.text, label.box) for label in b.labels] == [("KLM482", None)]
    assert c.labels == ()
    assert a.path == tmp_path / "a.jpg"
    assert tag_values(a.labels[0].tags, "condition") == ("night", "dirt")
    assert tag_values(a.labels[1].tags, "condition") == ("",)
    assert tag_values(a.labels[0].tags, "source") == ("north",)


@pytest.mark.parametrize(
    ("conditions", "kept"),
    [
        ((), ["a.jpg", "b.jpg", "c.jpg"]),
        (("split=test",), ["a.jpg", "c.jpg"]),
        (("split!=test",), ["b.jpg"]),
        (("source=south",), ["b.jpg", "c.jpg"]),
        (("source=north",), ["a.jpg"]),
        (("source=north/1",), ["a.jpg"]),
        (("source=south", "split=test"), ["c.jpg"]),
        (("condition=dirt", "condition=day"), ["a.jpg", "b.jpg"]),
        (("condition!=dirt", "condition!=day"), ["a.jpg", "c.jpg"]),
    ],
)
def test_filters(tmp_path: Path, conditions: tuple[str, ...], kept: list[str]) -> None:
    assert names(write(tmp_path, ROWS), *conditions) == kept


def test_other_labels_of_a_kept_photo_are_known_but_not_counted(tmp_path: Path) -> None:
    (photo,) = load_dataset(write(tmp_path, ROWS), [parse_condition("condition=dirt")])
    assert [label.counted for label in photo.labels] == [True, False]


@pytest.mark.parametrize("text", ["split", "=test", "a b=c"])
def test_malformed_filters(text: str) -> None:
    with pytest.raises(ValueError, match="COLUMN=VALUE"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("header", "rows", "conditions", "message"),
    [
        ("name,text\n", "a.jpg,ABC123\n", (), "no column 'file'"),
        (HEADER, "a.jpg,ABC123,1,2,,,,,\n", (), "line 2"),
        (HEADER, "a.jpg,ABC123,9,2,3,4,,,\n", (), "line 2: the box is empty"),
        (HEADER, ",ABC123,,,,,,,\n", (), "line 2: no file"),
        (HEADER, "z.jpg,ABC123,,,,,,,\n", (), "1 pictures"),
        (HEADER, ROWS, ("split=none",), "No picture"),
        (HEADER, ROWS, ("colour=red",), "no column 'colour'"),
        (HEADER, "", (), "No picture"),
    ],
)
def test_faults_are_named(
    tmp_path: Path, header: str, rows: str, conditions: tuple[str, ...], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        names(write(tmp_path, rows, header), *conditions)


def test_file_names_are_plates(tmp_path: Path) -> None:
    for name in ("ABC123.jpg", "abc 123_2.png", "KLM482 (2).jpeg", "notes.txt"):
        (tmp_path / name).touch()
    photos = load_dataset(tmp_path)
    assert [photo.labels[0].text for photo in photos] == ["ABC123", "KLM482", "ABC123"]


def test_other_file_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "étoile.jpg").touch()
    with pytest.raises(DatasetError, match="is no plate"):
        load_dataset(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No folder"):
        load_dataset(tmp_path / "none")
