"""The file of cameras."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ConfigDict, Field, SecretStr

from app.errors import InvalidCameras
from app.files.sections import FileFault, SectionFile, secret_of
from app.options import Probability
from app.video.options import VideoQuery
from app.video.sources.address import SourceAddress, parse_source
from app.video.sources.live import Patience
from app.video.sources.opening import Transport


class CameraConfig(VideoQuery):
    """What the file says of one camera; the rest is as the settings say."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    source: str = Field(min_length=1, max_length=2000)
    user: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    transport: Transport = "tcp"
    open_timeout: float = Field(10.0, gt=0, le=600)
    read_timeout: float = Field(10.0, gt=0, le=600)
    min_agreeing: int | None = Field(None, gt=0)
    new_confidence: Probability | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """A camera as it is to be watched. Equal plans need no restart."""

    name: str
    config: CameraConfig = field(repr=False)
    address: SourceAddress

    @property
    def patience(self) -> Patience:
        return Patience(self.config.open_timeout, self.config.read_timeout)


def load_cameras(path: Path) -> dict[str, CameraPlan]:
    """The cameras of a file that are enabled, by name.

        defaults:            # for all of them
          fps: 5
        cameras:
          gate:
            source: rtsp://10.0.0.5/stream1
            user: viewer
            password_file: /run/secrets/gate
            masks: 0,0,1,0,1,0.1,0,0.1

    Raises:
        InvalidCameras: a line for each fault, with file, line and field.
        OSError: it cannot be read.
    """
    try:
        file = SectionFile.read(path, "cameras")
        plans = {name: _plan(name, file) for name in file.sections}
        file.check()
    except FileFault as error:
        raise InvalidCameras(str(error)) from error
    return {name: plan for name, plan in plans.items() if plan is not None}


def _plan(name: str, file: SectionFile) -> CameraPlan | None:
    config = file.validated(name, CameraConfig.model_validate)
    if config is None or not config.enabled:  # its folder or password may not be there yet
        return None
    given = None if config.password is None else config.password.get_secret_value()
    try:
        password = secret_of(given, config.password_file)
    except ValueError as error:
        file.fault_of(name, "password_file", f"{error}")
        return None
    try:
        address = parse_source(config.source, user=config.user, password=password)
    except InvalidCameras as error:
        file.fault_of(name, "source", str(error))
        return None
    if not address.is_live:
        file.fault_of(name, "source", "a file is no camera: python -m app watch reads it")
        return None
    return CameraPlan(name, config, address)


def changed(
    old: Mapping[str, CameraPlan], new: Mapping[str, CameraPlan]
) -> Iterator[tuple[CameraPlan | None, CameraPlan | None]]:
    """What is to be stopped, and what is to be begun instead, of two files."""
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before != after:
            yield before, after
