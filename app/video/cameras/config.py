"""The file of cameras."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, Field, SecretStr, ValidationError

from app.errors import InvalidCameras
from app.names import NAME
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
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidCameras(f"{path}: not a text file") from error
    try:
        # All scalars stay text, which pydantic reads: YAML would make False of `enhance: off`.
        root = yaml.compose(text, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f":{error.problem_mark.line + 1}"
        raise InvalidCameras(f"{path}{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise InvalidCameras(f"{path}: {error}") from error
    faults: list[_Fault] = []
    plans = _plans(root, faults)
    if faults:
        raise InvalidCameras("\n".join(f"{path}:{fault}" for fault in faults))
    return plans


@dataclass(frozen=True, slots=True)
class _Fault:
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.line}: {self.field}: {self.message}"
            if self.field
            else (f"{self.line}: {self.message}")
        )


@dataclass(frozen=True, slots=True)
class _Section:
    """A mapping of the file: the node of each key and its value."""

    line: int
    keys: Mapping[str, tuple[yaml.Node, yaml.Node]]

    def line_of(self, key: str) -> int:
        return _line(self.keys[key][0]) if key in self.keys else self.line

    def values(self) -> dict[str, Any]:
        return {key: _plain(value) for key, (_, value) in self.keys.items()}


def _plans(root: yaml.Node | None, faults: list[_Fault]) -> dict[str, CameraPlan]:
    if root is None:
        return {}
    top = _section(root, "", faults, line=_line(root))
    for key in top.keys.keys() - {"defaults", "cameras"}:
        faults.append(_Fault(top.line_of(key), key, "there are `defaults` and `cameras`"))
    sections = {
        key: _section(top.keys[key][1], key, faults, line=top.line_of(key))
        for key in ("defaults", "cameras")
        if key in top.keys
    }
    empty = _Section(1, {})
    defaults, cameras = sections.get("defaults", empty), sections.get("cameras", empty)
    plans: dict[str, CameraPlan] = {}
    for name, (label, node) in cameras.keys.items():
        if NAME.fullmatch(name) is None:
            faults.append(
                _Fault(_line(label), f"cameras.{name}", "names are letters, digits and . _ -")
            )
            continue
        section = _section(node, f"cameras.{name}", faults, line=_line(label))
        plan = _plan(name, section, defaults, faults)
        if plan is not None:
            plans[name] = plan
    return plans


def _plan(
    name: str, section: _Section, defaults: _Section, faults: list[_Fault]
) -> CameraPlan | None:
    def fault(key: str, message: str) -> None:
        home = defaults if key in defaults.keys and key not in section.keys else section
        where = f"defaults.{key}" if home is defaults else f"cameras.{name}.{key}"
        found = _Fault(home.line_of(key), where.rstrip("."), message)
        if found not in faults:  # one of the defaults, told already
            faults.append(found)

    try:
        config = CameraConfig.model_validate({**defaults.values(), **section.values()})
    except ValidationError as error:
        for wrong in error.errors(include_input=False, include_url=False):
            fault(str(wrong["loc"][0]) if wrong["loc"] else "", wrong["msg"])
        return None
    if not config.enabled:  # its folder or password may not be there yet
        return None
    try:
        password = _password(config)
    except (OSError, ValueError) as error:
        fault("password_file", f"{error}")
        return None
    try:
        address = parse_source(config.source, user=config.user, password=password)
    except InvalidCameras as error:
        fault("source", str(error))
        return None
    if not address.is_live:
        fault("source", "a file is no camera: python -m app watch reads it")
        return None
    return CameraPlan(name, config, address)


def _password(config: CameraConfig) -> str | None:
    """Raises OSError, ValueError."""
    if config.password is not None and config.password_file is not None:
        raise ValueError("there is a password already")
    if config.password_file is not None:
        try:
            return config.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from error
    return None if config.password is None else config.password.get_secret_value()


def _section(node: yaml.Node, where: str, faults: list[_Fault], *, line: int) -> _Section:
    """A mapping, whose name is in that line; another node is a fault, and an empty one."""
    if not isinstance(node, yaml.MappingNode):
        if not (isinstance(node, yaml.ScalarNode) and node.value == ""):
            faults.append(_Fault(_line(node), where, "a name and a value on each line are needed"))
        return _Section(line, {})
    keys: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in node.value:
        name = str(_plain(key))
        if name in keys:
            faults.append(_Fault(_line(key), f"{where}.{name}".lstrip("."), "is there twice"))
        keys[name] = key, value
    return _Section(line, keys)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(_plain(key)): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value) for value in node.value]
    return node.value


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def changed(
    old: Mapping[str, CameraPlan], new: Mapping[str, CameraPlan]
) -> Iterator[tuple[CameraPlan | None, CameraPlan | None]]:
    """What is to be stopped, and what is to be begun instead, of two files."""
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before != after:
            yield before, after
