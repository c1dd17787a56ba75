"""Pictures of passes in an S3-compatible bucket. Imported only where one is asked for."""

from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.errors import StoreError, StoreUnavailable
from app.passes.store.pictures import (
    MEDIA_TYPES,
    Picture,
    PictureKind,
    picture_name,
    suffix_of,
)

_CONNECT_S: Final = 5
_READ_S: Final = 20
_MISSING: Final = ("NoSuchKey", "404")


class PictureBucket:
    """Objects below a prefix, one "folder" a day. Region, endpoint and credentials are those of
    the environment, as in all tools for S3: `AWS_REGION`, `AWS_ENDPOINT_URL_S3`,
    `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, or the role of the machine."""

    parallel: Final = 8

    def __init__(self, url: str) -> None:
        """`url`: `s3://BUCKET/PREFIX`. Nothing is connected to yet. Raises StoreError."""
        parts = urlsplit(url)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        try:
            self._client: Any = boto3.session.Session().client(
                "s3",
                config=Config(
                    connect_timeout=_CONNECT_S,
                    read_timeout=_READ_S,
                    retries={"total_max_attempts": 2},
                    max_pool_connections=self.parallel,
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise StoreError(f"The bucket of pictures cannot be used: {error}") from error

    def write(self, pass_id: str, at: int, kind: PictureKind, data: bytes) -> str:
        suffix = suffix_of(data)
        self._ask(
            "put_object",
            Key=self._key(pass_id, at, kind, suffix),
            Body=data,
            ContentType=MEDIA_TYPES[suffix],
        )
        return suffix

    def read(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> Picture | None:
        found = self._ask("get_object", Key=self._key(pass_id, at, kind, suffix))
        return None if found is None else Picture(found, suffix)

    def delete(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> None:
        self._ask("delete_object", Key=self._key(pass_id, at, kind, suffix))

    def _key(self, pass_id: str, at: int, kind: PictureKind, suffix: str) -> str:
        name = picture_name(pass_id, at, kind, suffix)
        return f"{self._prefix}/{name}" if self._prefix else name

    def _ask(self, what: str, **arguments: Any) -> bytes | None:
        """The body of the answer; None where there is no such object.

        Raises StoreUnavailable.
        """
        try:
            answer = getattr(self._client, what)(Bucket=self._bucket, **arguments)
            body = answer.get("Body")
            return b"" if body is None else bytes(body.read())
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return None
            raise _unavailable() from error
        except (BotoCoreError, OSError) as error:
            raise _unavailable() from error


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The bucket of pictures cannot be used; try again.", retry_after=5)
