"""The base image that a Dockerfile names, where no registry can be asked: Debian by debootstrap
and a Python of this machine in /usr/local, where the official image has its own."""

import re
import shutil
import subprocess
from pathlib import Path

_OFFICIAL = re.compile(r"python:(?P<minor>3\.\d+)\.\d+-slim-(?P<debian>[a-z]+)")
_LIBRARIES = (
    *("ca-certificates", "netbase", "tzdata"),
    *("libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libreadline8", "libsqlite3-0", "libssl3"),
    *("libuuid1", "zlib1g"),
)
_RENAMED = {"libreadline8": "libreadline8t64", "libssl3": "libssl3t64"}  # from trixie on
_NO_PART = shutil.ignore_patterns("__pycache__", "test", "config-3*", "site-packages")
_MIRROR = "http://deb.debian.org/debian"


def make_base(name: str, folder: Path) -> None:
    """Fill a folder with the root file system of a base image.

    Args:
        name: of the official image, such as `python:3.12.15-slim-trixie`. The Python is of the same
            minor version.

    Raises:
        LookupError: there is no such Python here.
    """
    official = _OFFICIAL.fullmatch(name)
    assert official is not None, f"no stand-in is known for {name}"
    prefix = _python(official["minor"])
    renamed = {} if official["debian"] == "bookworm" else _RENAMED
    libraries = ",".join(renamed.get(library, library) for library in _LIBRARIES)
    command = ["debootstrap", "--variant=minbase", f"--include={libraries}"]
    _run(*command, official["debian"], folder, _MIRROR)
    _copy_python(official["minor"], prefix, folder / "usr/local")
    _run("chroot", folder, "ldconfig")
    _run("chroot", folder, "/usr/local/bin/python", "-m", "ensurepip", "--default-pip")


def _python(minor: str) -> Path:
    """The prefix of a Python of that version."""
    places = sorted(Path.home().glob(f".pyenv/versions/{minor}.*"))
    found = shutil.which(f"python{minor}")
    for program in (*(place / "bin" / f"python{minor}" for place in places), found):
        if program is None:
            continue
        asked = subprocess.run(
            [program, "-c", "import sys, ensurepip; print(sys.base_prefix)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0:
            return Path(asked.stdout.strip())
    raise LookupError(f"There is no Python {minor} here to put into the base image.")


def _copy_python(minor: str, prefix: Path, target: Path) -> None:
    (target / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy2(prefix / "bin" / f"python{minor}", target / "bin")
    for alias in ("python3", "python"):
        (target / "bin" / alias).symlink_to(f"python{minor}")
    for library in (prefix / "lib").glob("libpython3*.so*"):
        shutil.copy2(library, target / "lib", follow_symlinks=False)
    modules = f"lib/python{minor}"
    shutil.copytree(prefix / modules, target / modules, ignore=_NO_PART, dirs_exist_ok=True)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}"
