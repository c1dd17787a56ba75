"""`predict --ray` on real clusters of Ray: `make ray-test`."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest

from tests.cluster import ray_pictures
from tests.cluster.nodes import Cluster
from tests.s3 import s3_server

pytestmark = pytest.mark.ray


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_every_picture_has_one_row_whoever_dies(tmp_path: Path, form: str) -> None:
    names = ray_pictures.draw(tmp_path / "in", 600)
    outcome = ray_pictures.read_with_deaths(tmp_path, names, part=20, form=form)
    assert ray_pictures.holds(outcome, names), outcome
    assert outcome.broken == 6


@pytest.fixture
def storage() -> Iterator[dict[str, str]]:
    """Variables for a server of S3."""
    with s3_server() as variables:
        yield variables


def test_from_one_bucket_into_another(storage: dict[str, str], car_jpeg: bytes) -> None:
    """Also what came later, and nothing twice."""
    client: Any = boto3.client(
        "s3",
        endpoint_url=storage["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id="tests",
        aws_secret_access_key="tests",
        region_name="us-east-1",
    )
    for bucket in ("traffic", "rows"):
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket="traffic", Key="site 1/a%20b.jpg", Body=car_jpeg)
    client.put_object(Bucket="traffic", Key="site 1/c.jpg", Body=car_jpeg)
    client.put_object(Bucket="traffic", Key="site 1/d.jpg", Body=b"no picture")

    def run(cluster: Cluster) -> list[dict[str, Any]]:
        job = ray_pictures.start(
            cluster, "s3://traffic/site 1", "s3://rows/of/today", part=2, form="parquet"
        )
        ray_pictures.ended(job)
        listed = client.list_objects_v2(Bucket="rows", Prefix="of/today/part-")["Contents"]
        files = [client.get_object(Bucket="rows", Key=each["Key"])["Body"] for each in listed]
        return [row for file in files for row in pq.read_table(io.BytesIO(file.read())).to_pylist()]

    with Cluster(storage, nodes=1) as cluster:
        rows = run(cluster)
        assert [(row["picture"], row["plate"], row["code"]) for row in rows] == [
            ("s3://traffic/site 1/a%20b.jpg", "ABC123", None),
            ("s3://traffic/site 1/c.jpg", "ABC123", None),
            ("s3://traffic/site 1/d.jpg", None, "invalid_image"),
        ]
        client.put_object(Bucket="traffic", Key="site 1/b.jpg", Body=car_jpeg)
        assert [row["picture"][-5:] for row in run(cluster)] == ["b.jpg", "c.jpg", "d.jpg", "b.jpg"]
