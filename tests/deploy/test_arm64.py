"""The image can be built for arm64: the index has a wheel of everything that is installed in it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.deploy.dockerfiles import stages
from tests.deploy.test_requirements import lines

pytestmark = pytest.mark.slow  # asks the index for each package

GLIBC = (5, 12, 17, 24, 26, 27, 28, 31, 34, 35, 36)
"""Minor versions whose wheels run on Debian 12 and later, Raspberry Pi OS among them."""


def test_every_package_has_a_wheel(tmp_path: Path) -> None:
    base = re.fullmatch(r"python:(3\.\d+)\..*", stages("Dockerfile")[-1].base)
    assert base is not None
    there = {
        **{"platform_machine": "aarch64", "platform_system": "Linux", "sys_platform": "linux"},
        **{"os_name": "posix", "implementation_name": "cpython"},
        **{"python_version": base[1], "python_full_version": f"{base[1]}.0"},
    }
    wanted = {
        canonicalize_name(line.name): f"{line.name}{line.specifier}"
        for line in lines("requirements.txt")
        if line.marker is None or line.marker.evaluate(there)
    }
    pins = tmp_path / "pins.txt"
    pins.write_text("\n".join(wanted.values()))
    report = tmp_path / "report.json"
    tag = f"cp{base[1].replace('.', '')}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps"),
            *("--ignore-installed", "--ignore-requires-python", "--only-binary=:all:"),
            *("--implementation", "cp", "--python-version", base[1]),
            *(word for abi in (tag, "abi3", "none") for word in ("--abi", abi)),
            *(w for minor in GLIBC for w in ("--platform", f"manylinux_2_{minor}_aarch64")),
            *("--platform", "manylinux2014_aarch64"),
            *("--target", tmp_path / "target", "--report", report, "--requirement", pins),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = [entry["download_info"]["url"] for entry in json.loads(report.read_text())["install"]]
    assert len(files) == len(wanted)
    assert any("aarch64" in file for file in files)
    assert not any("x86_64" in file for file in files)
