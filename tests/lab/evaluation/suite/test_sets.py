"""Sets that are there, and those that are not."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.errors import InvalidRequest
from app.lab.errors import DatasetError
from app.lab.evaluation.suite.sets import SETS, Drawn, LoadedSet, choose_sets, load_set

NAMES = [entry.name for entry in SETS]


def load(name: str, data: Path | None, scratch: Path, limit: int | None = 2) -> LoadedSet | None:
    (entry,) = choose_sets([name])
    return load_set(entry, data, scratch, limit)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ten photos with a plate and one without, all alike but for their names and numbers."""
    folder = tmp_path / "data" / "photos"
    folder.mkdir(parents=True)
    rows = ["file,split,x1,y1,x2,y2,text,source"]
    for index in range(10):
        rows.append(f"{index}.png,test,40,40,140,80,ABC12{index},openalpr-us")
        picture = np.full((120, 200, 3), 90 + index, np.uint8)
        picture[40:80, 40:140] = 220
        assert cv2.imwrite(str(folder / f"{index}.png"), picture)
    rows.append("n.png,test,,,,,,negatives")
    assert cv2.imwrite(str(folder / "n.png"), np.zeros((120, 200, 3), np.uint8))
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"


def test_names_choose_in_the_order_of_the_suite() -> None:
    assert [entry.name for entry in choose_sets(None)] == NAMES
    assert [entry.name for entry in choose_sets([NAMES[3], NAMES[0]])] == [NAMES[0], NAMES[3]]
    with pytest.raises(InvalidRequest, match="nz-real"):
        choose_sets(["nz_real"])


def test_what_the_data_does_not_have_is_absent(tmp_path: Path, data: Path) -> None:
    from_nothing = {entry.name for entry in SETS if isinstance(entry, Drawn) and entry.scenes}
    for name in NAMES:
        loaded = load(name, None, tmp_path / "a")
        assert (loaded is not None) == (name in from_nothing)
    assert load("nz-real", data, tmp_path / "b") is None
    assert load("clips", data, tmp_path / "b") is None
    assert load("openalpr-eu", data, tmp_path / "b") is None  # the folder is there, no such photo


def test_labels_that_make_no_sense_are_not_absent(data: Path, tmp_path: Path) -> None:
    (data / "photos" / "labels.csv").write_text("file,x1,y1,x2,y2,source\na,9,9,1,1,negatives\n")
    with pytest.raises(DatasetError, match="line 2"):
        load("negatives", data, tmp_path)


def test_a_limit_spreads_over_the_set(data: Path, tmp_path: Path) -> None:
    loaded = load("openalpr-us", data, tmp_path, 3)
    assert loaded is not None
    assert [photo.name for photo in loaded.photos] == ["0.png", "3.png", "6.png"]
    assert loaded.abroad
    assert not loaded.recall_only


def test_the_checksum_is_that_of_pictures_and_labels(data: Path, tmp_path: Path) -> None:
    def checksum() -> str:
        loaded = load("openalpr-us", data, tmp_path, None)
        assert loaded is not None
        return loaded.checksum

    first = checksum()
    assert checksum() == first
    labels = data / "photos" / "labels.csv"
    labels.write_text(labels.read_text().replace("ABC120", "ABC12O"))
    second = checksum()
    assert second != first
    assert cv2.imwrite(str(data / "photos" / "9.png"), np.zeros((120, 200, 3), np.uint8))
    assert checksum() not in {first, second}


def test_drawn_sets_are_the_same_again(data: Path, tmp_path: Path) -> None:
    formats: dict[str, set[str]] = {}
    for name in ("drawn-easy", "drawn-motorcycle", "drawn-vehicles"):
        first, second = (load(name, data, tmp_path / run) for run in ("a", "b"))
        assert first is not None
        assert second is not None
        assert first.checksum == second.checksum
        tags = [label.tags for photo in first.photos for label in photo.labels]
        assert {tag["readable"] for tag in tags} == {"1"}
        formats[name] = {tag["format"] for tag in tags}
    assert formats["drawn-vehicles"] == {"standard"}
    assert formats["drawn-motorcycle"] <= {"motorcycle", "motorcycle_old"}
