"""Settings: read once from the environment, then passed down.

Every name is an environment variable with the prefix `ALPR_`; the table of docs/settings.md is
checked against this class. Each module here has the settings of one concern.
"""

from typing import Self

from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

from app.config.access import AccessSettings
from app.config.limits import LimitSettings
from app.config.notify import NotifySettings
from app.config.passes import PassesSettings
from app.config.reading import ReadingSettings
from app.config.running import RunningSettings
from app.config.video import VideoSettings
from app.config.weights import WeightsSettings

UPLOAD_GRACE = 5.0
"""Seconds that uploads which still come in after the draining have left."""
CLOSING_SECONDS = 3.0
"""Seconds for threads to end once every request is answered."""


class Settings(  # the last is the first of the table
    RunningSettings,
    AccessSettings,
    LimitSettings,
    NotifySettings,
    PassesSettings,
    VideoSettings,
    ReadingSettings,
    WeightsSettings,
):
    model_config = SettingsConfigDict(
        env_prefix="ALPR_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # it has the keys in it
        allow_inf_nan=False,
    )

    @model_validator(mode="after")
    def _one_process_has_the_cameras(self) -> Self:
        if self.cameras_file is not None and self.processes > 1 and not self.shares_cameras:
            raise ValueError(
                "ALPR_CAMERAS_FILE needs ALPR_PROCESSES=1, or passes in PostgreSQL: one process "
                "watches a camera"
            )
        return self

    @model_validator(mode="after")
    def _what_is_told_is_kept(self) -> Self:
        if self.notify_file is not None and self.store == "off":
            raise ValueError("ALPR_NOTIFY_FILE needs ALPR_STORE=on: what is told waits there")
        return self

    @model_validator(mode="after")
    def _gates_have_lists_and_targets(self) -> Self:
        if self.gates_file is None:
            return self
        if self.notify_file is None:
            raise ValueError("ALPR_GATES_FILE needs ALPR_NOTIFY_FILE: a target there opens them")
        if self.store_plates == "hashed":
            raise ValueError("ALPR_GATES_FILE needs ALPR_STORE_PLATES=text: lists have plates")
        return self

    @property
    def shares_cameras(self) -> bool:
        """Whether each camera is watched by one of the processes that share a database."""
        return (
            self.cameras_file is not None
            and self.camera_leases == "auto"
            and self.store == "on"
            and self.database_url is not None
        )

    @property
    def finish_seconds(self) -> float:
        """Most seconds that what was accepted before the end of the draining takes."""
        return max(UPLOAD_GRACE, self.url_timeout + 1) + self.deadline

    @property
    def stop_seconds(self) -> float:
        """Most seconds from SIGTERM to the end of the process; who starts it has to wait longer."""
        return self.drain_seconds + self.finish_seconds + CLOSING_SECONDS
