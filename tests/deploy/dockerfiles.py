"""Dockerfiles as stages of instructions, and the context they are built from."""

import json
import shlex
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from docker.utils.build import exclude_paths  # type: ignore[import-untyped]
from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKERFILES = ("Dockerfile", "Dockerfile.gpu")


@dataclass(frozen=True, slots=True)
class Copy:
    """`stage` is None for files of the build context."""

    sources: tuple[str, ...]
    target: str
    stage: str | None


@dataclass(frozen=True, slots=True)
class Stage:
    """Instructions in order, as (NAME, value)."""

    base: str
    name: str | None
    instructions: tuple[tuple[str, str], ...]

    def values(self, instruction: str) -> list[str]:
        return [value for name, value in self.instructions if name == instruction]

    def last(self, instruction: str) -> str:
        return self.values(instruction)[-1]

    @property
    def copies(self) -> list[Copy]:
        return [_copy(value) for value in self.values("COPY")]

    @property
    def environment(self) -> dict[str, str]:
        pairs = (pair for value in self.values("ENV") for pair in shlex.split(value))
        return dict(pair.split("=", 1) for pair in pairs)

    @property
    def command(self) -> list[str]:
        """CMD, which must be in its exec form."""
        return [str(word) for word in json.loads(self.last("CMD"))]

    @property
    def healthcheck(self) -> list[str]:
        """The command of HEALTHCHECK, which must be in its exec form."""
        _, _, command = self.last("HEALTHCHECK").partition("CMD ")
        return [str(word) for word in json.loads(command)]


def _copy(value: str) -> Copy:
    words = value.split()
    stage = next((word[len("--from=") :] for word in words if word.startswith("--from=")), None)
    *sources, target = (word for word in words if not word.startswith("--"))
    return Copy(tuple(sources), target, stage)


def stages(dockerfile: str) -> list[Stage]:
    """The stages of a Dockerfile of the repository; the last one is the image."""
    content = (REPOSITORY / dockerfile).read_bytes()
    found: list[Stage] = []
    for entry in DockerfileParser(fileobj=BytesIO(content)).structure:
        name, value = entry["instruction"].upper(), entry["value"]
        if name == "FROM":
            base, _, alias = value.partition(" AS ")
            found.append(Stage(base, alias or None, ()))
        elif name != "COMMENT":
            stage = found[-1]
            found[-1] = Stage(stage.base, stage.name, (*stage.instructions, (name, value)))
    return found


def build_context() -> set[str]:
    """Files that `docker build .` would send, by the Docker SDK's reading of .dockerignore."""
    patterns = [
        line
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    return {
        path for path in exclude_paths(str(REPOSITORY), patterns) if (REPOSITORY / path).is_file()
    }
