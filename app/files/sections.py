"""YAML files of named sections, with the line of everything, for those who tell what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from app.names import NAME

Model = TypeVar("Model")


class FileFault(Exception):
    """What is wrong with a file: a line for each fault, with file, line and field."""


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of the file: the node of each key and its value."""

    line: int
    keys: Mapping[str, tuple[yaml.Node, yaml.Node]]

    def line_of(self, key: str) -> int:
        return _line(self.keys[key][0]) if key in self.keys else self.line

    def values(self) -> dict[str, Any]:
        """All scalars are text."""
        return {key: _plain(value) for key, (_, value) in self.keys.items()}


@dataclass(slots=True)
class SectionFile:
    """The sections below one key of a file, and what they share.

        defaults:      # for all of them
          fps: 5
        cameras:       # `key`
          gate:        # a section
            fps: 4

    Its faults are collected, and raised at the end.
    """

    path: Path
    key: str
    defaults: Section = field(init=False, default_factory=lambda: Section(1, {}))
    sections: dict[str, Section] = field(init=False, default_factory=dict)
    faults: list[str] = field(init=False, default_factory=list)

    @classmethod
    def read(cls, path: Path, key: str) -> "SectionFile":
        """Raises OSError, and FileFault for what is no YAML."""
        found = cls(path, key)
        root = _composed(path)
        if root is not None:
            found._take(root)
        return found

    def fault(self, line: int, field: str, message: str) -> None:
        told = ": ".join(part for part in (str(line), field, message) if part)
        if told not in self.faults:  # one of the defaults is found in each section
            self.faults.append(told)

    def fault_of(self, name: str, key: str, message: str) -> None:
        """A fault of a key of the section, or of the defaults where it has it from there."""
        section = self.sections[name]
        shared = key in self.defaults.keys and key not in section.keys
        home = self.defaults if shared else section
        where = f"defaults.{key}" if shared else f"{self.key}.{name}.{key}"
        self.fault(home.line_of(key), where.rstrip("."), message)

    def validated(self, name: str, validate: Callable[[Any], Model]) -> Model | None:
        """A section with its defaults as a model; None where it has faults."""
        values = {**self.defaults.values(), **self.sections[name].values()}
        try:
            return validate(values)
        except ValidationError as error:
            for wrong in error.errors(include_input=False, include_url=False):
                self.fault_of(name, str(wrong["loc"][0]) if wrong["loc"] else "", wrong["msg"])
        return None

    def check(self) -> None:
        """Raises FileFault where there are faults."""
        if self.faults:
            raise FileFault("\n".join(f"{self.path}:{fault}" for fault in self.faults))

    def _take(self, root: yaml.Node) -> None:
        top = self._section(root, "", _line(root))
        for key in top.keys.keys() - {"defaults", self.key}:
            self.fault(top.line_of(key), key, f"there are `defaults` and `{self.key}`")
        if "defaults" in top.keys:
            self.defaults = self._section(
                top.keys["defaults"][1], "defaults", top.line_of("defaults")
            )
        if self.key not in top.keys:
            return
        named = self._section(top.keys[self.key][1], self.key, top.line_of(self.key))
        for name, (label, node) in named.keys.items():
            where = f"{self.key}.{name}"
            if NAME.fullmatch(name) is None:
                self.fault(_line(label), where, "names are letters, digits and . _ -")
            else:
                self.sections[name] = self._section(node, where, _line(label))

    def _section(self, node: yaml.Node, where: str, line: int) -> Section:
        """A mapping, whose name is in that line; another node is a fault, and an empty one."""
        if not isinstance(node, yaml.MappingNode):
            if not (isinstance(node, yaml.ScalarNode) and node.value == ""):
                self.fault(_line(node), where, "a name and a value on each line are needed")
            return Section(line, {})
        keys: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = str(_plain(key))
            if name in keys:
                self.fault(_line(key), f"{where}.{name}".lstrip("."), "is there twice")
            keys[name] = key, value
        return Section(line, keys)


def secret_of(given: str | None, file: Path | None) -> str | None:
    """A secret that is given, or the first line of a file that has it. Raises ValueError."""
    if given is not None and file is not None:
        raise ValueError("there is one already")
    if file is None:
        return given
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error


def _composed(path: Path) -> yaml.Node | None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileFault(f"{path}: not a text file") from error
    try:
        # All scalars stay text, which pydantic reads: YAML would make False of `enhance: off`.
        root: yaml.Node | None = yaml.compose(text, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f":{error.problem_mark.line + 1}"
        raise FileFault(f"{path}{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise FileFault(f"{path}: {error}") from error
    return root


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(_plain(key)): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value) for value in node.value]
    return node.value


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
