"""INT8 versions are smaller, load, and mostly answer as the network they come from."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.cli import main
from app.lab.synth.scenes.scene import draw_scene
from tests.conftest import SHARED_WEIGHTS

pytest.importorskip("rapidfuzz")


@pytest.mark.slow
def test_versions_are_made_and_measured(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, file in SHARED_WEIGHTS.items():
        monkeypatch.setenv(name, str(shared / "models" / file))
    dataset = tmp_path / "photos"
    dataset.mkdir()
    rows = (shared / "data" / "photos" / "labels.csv").read_text().splitlines()
    chosen = [row for row in rows if row.startswith("openalpr-eu")][:16]
    (dataset / "labels.csv").write_text("\n".join([rows[0], *chosen]))
    for row in chosen:
        file = row.split(",")[0]
        if not (dataset / file).exists():
            (dataset / file).symlink_to(shared / "data" / "photos" / file)
    figures = tmp_path / "figures.json"
    out = tmp_path / "int8"

    assert main(["quantize", str(dataset), str(out), "--json", str(figures)]) == 0

    _check(figures, out, least_right=0.8)


@pytest.mark.slow
def test_the_projects_own_pair_is_quantized_too(tmp_path: Path) -> None:
    dataset = tmp_path / "photos"
    dataset.mkdir()
    rows = ["file,text,x1,y1,x2,y2"]
    for number in range(6):
        image, plate = draw_scene(np.random.default_rng(number))
        cv2.imwrite(str(dataset / f"{number}.jpg"), image)
        rows.append(f"{number}.jpg,{plate.text},{','.join(f'{side:.1f}' for side in plate.box)}")
    (dataset / "labels.csv").write_text("\n".join(rows))
    figures = tmp_path / "figures.json"
    out = tmp_path / "int8"

    assert main(["quantize", str(dataset), str(out), "--json", str(figures)]) == 0

    _check(figures, out, least_right=0.7)


def _check(figures: Path, out: Path, *, least_right: float) -> None:
    tables = json.loads(figures.read_text())
    assert len(tables) == 2
    for versions in tables.values():
        original, *smaller = versions
        assert original["agreement"] == 1.0
        assert original["right"] > least_right
        assert len(smaller) == 2
        for version in smaller:
            assert version["bytes"] < 0.5 * original["bytes"]
            assert version["agreement"] > 0.6
            assert version["milliseconds"] > 0
    assert len(list(out.glob("*.onnx"))) == 4


def test_a_dataset_without_photos_is_refused(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, file in SHARED_WEIGHTS.items():
        monkeypatch.setenv(name, str(shared / "models" / file))
    (tmp_path / "labels.csv").write_text("file,text\n")
    assert main(["quantize", str(tmp_path), str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
