"""What people say of a pass is kept beside what was read."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import InvalidRequest, UnknownPass
from app.lab.evaluation.dataset import load_dataset
from app.passes.store.correcting import labelled
from app.passes.store.searching import PassFilter
from tests.passes.conftest import StoreFactory
from tests.passes.made import NOON, WHO, made, plates, put

AT = NOON.timestamp()


def test_the_reading_stays_and_both_are_found(
    make_store: StoreFactory, database: str | None
) -> None:
    store = make_store(database_url=database, now=lambda: AT)
    put(store, made("ABC123"), made("XYZ789", minute=1))
    (read,) = store.find(PassFilter("ABC123"), who=WHO).passes
    assert read.correction is None
    corrected = store.correct(read.id, " abo-124 ", who=WHO)
    assert corrected.plate == "ABC123"
    assert corrected.correction is not None
    assert (corrected.correction.plate, corrected.correction.by) == ("ABO124", WHO)
    assert corrected.correction.at == NOON
    assert store.get(read.id, who=WHO) == corrected
    for wanted in (
        PassFilter("ABC123"),
        PassFilter("AB0124"),
        PassFilter("AB0", match="prefix"),
        PassFilter("A*24", match="wildcard"),
        PassFilter(corrected=True),
    ):
        assert store.find(wanted, who=WHO).passes == (corrected,)
    assert plates(store, corrected=False) == ["XYZ789"]
    (sure,) = store.find(PassFilter("ABO124", match="fuzzy"), who=WHO).passes
    assert sure == replace(corrected, probability=1)
    assert plates(store, plate="ABC123", match="fuzzy", min_probability=0.0) == []
    assert store.correct(read.id, None, who=WHO) == read
    assert plates(store, plate="ABO124") == []
    lines, _ = store.audit(who=WHO)
    assert [line.action for line in lines].count("correct") == 2


def test_erasing_a_plate_erases_what_was_corrected_to_it(
    make_store: StoreFactory, database: str | None
) -> None:
    store = make_store(database_url=database)
    put(store, made("ABC123"), made("XYZ789", minute=1))
    (read,) = store.find(PassFilter("ABC123"), who=WHO).passes
    store.correct(read.id, "KLM482", who=WHO)
    assert store.erase("KLM482", who=WHO) == 1
    assert plates(store) == ["XYZ789"]
    assert all(line.plate != "KLM482" for line in store.audit(who=WHO)[0])


def test_what_cannot_be_corrected(make_store: StoreFactory) -> None:
    store = make_store()
    put(store, made("ABC123"))
    (read,) = store.find(PassFilter(), who=WHO).passes
    with pytest.raises(InvalidRequest):
        store.correct(read.id, "no plate at all, but a sentence", who=WHO)
    with pytest.raises(UnknownPass):
        store.correct("0" * 32, "ABC124", who=WHO)
    assert store.get(read.id, who=WHO) == read


def test_hashes_are_not_corrected(make_store: StoreFactory) -> None:
    store = make_store(store_plates="hashed", store_hash_key="a long key of the tests")
    put(store, made("ABC123"))
    (read,) = store.find(PassFilter(), who=WHO).passes
    with pytest.raises(InvalidRequest, match="hashes"):
        store.correct(read.id, "ABC124", who=WHO)


def test_corrections_are_a_data_set(
    make_store: StoreFactory, car_jpeg: bytes, tmp_path: Path
) -> None:
    store = make_store(store_pictures="frame")
    box = {"x": 235, "y": 290, "width": 170, "height": 61}
    detail = made("ABC128").detail
    put(
        store,
        made("ABC128", frame=car_jpeg, detail=detail | {"bbox": box}),
        made("ABC129", minute=1, crop=car_jpeg, camera="=gate"),
        made("ABC130", minute=2),
        made("ABC131", minute=3, frame=car_jpeg),
    )
    for passing in store.find(PassFilter(), who=WHO).passes:
        if passing.plate != "ABC131":
            store.correct(passing.id, "ABC123", who=WHO)
    archive = b"".join(labelled(store.export(PassFilter(), who=WHO), store.picture_of))
    zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path / "set")
    crop, frame = load_dataset(tmp_path / "set")  # newest first; one has no picture
    (of_crop,), (of_frame,) = crop.labels, frame.labels
    assert (of_crop.text, of_crop.box) == ("ABC123", None)
    assert of_crop.tags["camera"] == "'=gate"
    assert (of_frame.text, of_frame.box) == ("ABC123", (235, 290, 405, 351))
    assert of_frame.tags["read"] == "ABC128"
    assert frame.path.read_bytes() == car_jpeg
