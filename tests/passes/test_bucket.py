"""Pictures in a bucket, with a real server that speaks S3's protocol."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from app.errors import StoreUnavailable, UnknownPass
from tests.passes.conftest import StoreFactory
from tests.passes.made import NOON, WHO, everything, made, picture, put
from tests.s3 import s3_server
from tests.servers import eventually

BUCKET = "alpr-pictures"
URL = f"s3://{BUCKET}/site-1"


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with s3_server() as variables:
        yield variables


@pytest.fixture
def bucket(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for key in keys(client):
        client.delete_object(Bucket=BUCKET, Key=key)
    client.delete_bucket(Bucket=BUCKET)


def keys(client: Any) -> list[str]:
    return sorted(each["Key"] for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", []))


def pictured(text: str, **changes: Any) -> Any:
    return made(text, crop=picture(), frame=picture(), **changes)


def test_pictures_are_kept_and_deleted(bucket: Any, make_store: StoreFactory) -> None:
    store = make_store(store_pictures_url=URL)
    passing = pictured("ABC123")
    put(store, passing, *(pictured("XYZ789") for _ in range(20)))
    assert f"site-1/2026-11-27/{passing.id}-crop.jpg" in keys(bucket)
    assert len(keys(bucket)) == 42
    shown = store.picture(passing.id, "frame", who=WHO)
    assert (shown.data, shown.suffix) == (picture(), "jpg")
    assert store.shown(passing.id) == shown
    store.delete(passing.id, who=WHO)
    assert len(keys(bucket)) == 40
    assert store.erase("XYZ789", who=WHO) == 20
    assert keys(bucket) == []


def test_a_picture_that_is_gone(bucket: Any, make_store: StoreFactory) -> None:
    store = make_store(store_pictures_url=f"s3://{BUCKET}")
    passing = pictured("ABC123")
    put(store, passing)
    bucket.delete_object(Bucket=BUCKET, Key=f"2026-11-27/{passing.id}-crop.jpg")
    with pytest.raises(UnknownPass):
        store.picture(passing.id, "crop", who=WHO)
    store.delete(passing.id, who=WHO)


def test_old_pictures_go(bucket: Any, make_store: StoreFactory) -> None:
    clock = [NOON.timestamp()]
    written: list[int] = []
    store = make_store(
        store_pictures_url=URL,
        store_days=1,
        now=lambda: clock[0],
        observe=lambda count, waiting: written.append(count),
    )
    store.add(pictured("ABC123"))
    assert eventually(lambda: sum(written) == 1)
    assert len(keys(bucket)) == 2
    clock[0] += timedelta(days=2).total_seconds()
    assert eventually(lambda: everything(store) == [] and keys(bucket) == [])


def test_passes_wait_for_the_bucket(
    bucket: Any, make_store: StoreFactory, server: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what has no picture does not: a gate opens without it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    told: list[str] = []
    store = make_store(
        store_pictures_url=URL,
        tell=(lambda connection, events: told.extend(event.event for event in events),),
    )
    passing = pictured("ABC123")
    store.add(passing)
    store.add(made("ABC123", event="new"))
    assert eventually(lambda: "new" in told)
    assert "end" not in told
    with pytest.raises(StoreUnavailable):
        store._pictures.read(passing.id, 0, "crop", "jpg")
    store.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server["AWS_ENDPOINT_URL_S3"])
    again = make_store(store_pictures_url=URL)
    assert eventually(lambda: len(everything(again)) == 1)
    assert again.picture(passing.id, "crop", who=WHO).data == picture()


@pytest.mark.parametrize("url", ["s3://", "s3://a", "http://bucket/a", "s3://b_d/a", "s3://bkt?a"])
def test_urls_that_are_none(make_store: StoreFactory, url: str) -> None:
    with pytest.raises(ValueError, match="store_pictures_url"):
        make_store(store_pictures_url=url)
