"""Two services behind nginx, restarted and killed."""

import subprocess
from pathlib import Path

import pytest

from tests.cluster import rolling
from tests.cluster.rolling import CAMERAS, CONFIG, NGINX, QUOTA

needs_nginx = pytest.mark.skipif(not Path(NGINX).exists(), reason="apt-get install nginx-light")


@needs_nginx
def test_the_file_for_operators(tmp_path: Path) -> None:
    whole = f"pid {tmp_path}/pid; events {{}} http {{ access_log off; include {CONFIG}; }}"
    (tmp_path / "nginx.conf").write_text(whole)
    tested = subprocess.run(
        [NGINX, "-t", "-q", "-e", str(tmp_path / "log"), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tested.returncode, tested.stderr) == (0, "")


@needs_nginx
@pytest.mark.slow
def test_nothing_fails_and_nothing_is_kept_twice(tmp_path: Path) -> None:
    found = rolling.run(tmp_path, (18100, 18101, 18102))
    assert set(found.statuses) == {200}
    assert found.moved_s < 10
    assert {camera for camera, _ in found.passes} == set(CAMERAS)
    assert max(found.passes.values()) == 1
    assert QUOTA <= found.let_in <= 2 * QUOTA
