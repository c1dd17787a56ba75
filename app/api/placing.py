"""Where and when a picture or video was taken, as a request may say: what makes passes of it."""

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field

from app.errors import InvalidRequest
from app.options import ReadQuery
from app.passes.records import CAMERA_LENGTH
from app.video.options import VideoQuery

_AHEAD = timedelta(days=1)


class Placing(BaseModel):
    camera: str | None = Field(
        None,
        min_length=1,
        max_length=CAMERA_LENGTH,
        description="Name of the place it comes from. With `ALPR_STORE=on` a picture of a camera "
        "is kept as passes; a video is with or without.",
    )
    at: AwareDatetime | None = Field(
        None,
        description="When the picture was taken, or the video begun; the time of the request if "
        "left out.",
    )

    def moment(self) -> datetime:
        """Raises InvalidRequest for the future: what lies there would never be old enough."""
        now = datetime.now(UTC)
        if self.at is not None and self.at > now + _AHEAD:
            raise InvalidRequest("at lies in the future.")
        return now if self.at is None else self.at.astimezone(UTC)


class PictureQuery(ReadQuery, Placing):
    """What a request for a picture may choose."""


class PlacedVideoQuery(VideoQuery, Placing):
    """What a request for a video may choose, and where it comes from."""
