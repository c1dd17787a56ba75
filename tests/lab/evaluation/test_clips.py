"""Passes of clips against their labels."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from app.lab.errors import DatasetError
from app.lab.evaluation.clips import ways
from app.lab.evaluation.clips.dataset import PassLabel, is_clip_set, load_clips
from app.lab.evaluation.clips.matching import assign
from app.lab.evaluation.clips.results import (
    ClipEvaluation,
    ClipOutcome,
    FoundPass,
    PassOutcome,
)
from app.lab.evaluation.clips.summary import summarise_clips
from app.lab.evaluation.conditions import parse_condition
from app.lab.synth.cli import main as synth
from app.nz.calibration import load_calibration
from app.nz.decoder import PlateDecoder
from app.nz.validation import validate
from app.video.fusion import FusedReading, Look
from app.video.passes import BestFrame, Direction, Pass
from app.vision.types import Box, Certainty, Characters, Detection, Looks, Plate
from tests.nz.test_decoder import ALPHABET, distributions


def labels_csv(folder: Path, *rows: str, columns: str = "file,text,start_s,end_s") -> Path:
    for row in rows:
        (folder / row.partition(",")[0]).touch()
    (folder / "labels.csv").write_text("\n".join([columns, *rows]) + "\n")
    return folder


def test_labels_of_passes(tmp_path: Path) -> None:
    rows = "a.mp4,abc 123,0.5,2,day", "a.mp4,XYZ789,3,4,dark", "b.mp4,,,,", "c.mp4,DEF456,,,"
    labels_csv(tmp_path, *rows, columns="file,text,start_s,end_s,condition")
    assert is_clip_set(tmp_path)
    a, b, c = load_clips(tmp_path)
    assert [label.text for label in a.labels] == ["ABC123", "XYZ789"]
    assert (a.labels[0].start_s, a.labels[0].end_s) == (0.5, 2.0)
    assert b.labels == ()
    assert (c.labels[0].start_s, c.labels[0].end_s) == (0.0, math.inf)
    for condition in ("condition=dark", "condition!=day"):
        (only, *_) = load_clips(tmp_path, [parse_condition(condition)])
        assert [label.counted for label in only.labels] == [False, True]


def test_what_is_no_set_of_clips(tmp_path: Path) -> None:
    assert not is_clip_set(tmp_path)
    labels_csv(tmp_path, "a.jpg,ABC123", columns="file,text")
    assert not is_clip_set(tmp_path)
    labels_csv(tmp_path, "a.mp4,ABC123", columns="file,text")
    assert is_clip_set(tmp_path)


@pytest.mark.parametrize("row", ["a.mp4,ABC123,4,2", "a.mp4,ABC123,x,2", ",ABC123,1,2"])
def test_rows_that_make_no_sense(tmp_path: Path, row: str) -> None:
    (tmp_path / "labels.csv").write_text(f"file,text,start_s,end_s\n{row}\n")
    with pytest.raises(DatasetError, match="line 2"):
        load_clips(tmp_path)


def test_a_file_that_is_missing_and_nothing_left(tmp_path: Path) -> None:
    labels_csv(tmp_path, "a.mp4,ABC123,1,2,2", columns="file,text,start_s,end_s,severity")
    with pytest.raises(DatasetError, match="fits"):
        load_clips(tmp_path, [parse_condition("severity=1")])
    with pytest.raises(DatasetError, match="no column"):
        load_clips(tmp_path, [parse_condition("colour=red")])
    (tmp_path / "a.mp4").unlink()
    with pytest.raises(DatasetError, match="missing"):
        load_clips(tmp_path)


def a_pass(
    plate: str, first_s: float, last_s: float, *, raw: dict[str, int] | None = None, frames: int = 5
) -> Pass:
    nothing = np.zeros((9, 37), np.float32)
    characters = Characters(plate, (0.9,) * len(plate), nothing, None)
    decoder = PlateDecoder(ALPHABET, "_", threshold=0.85)
    there = Plate(
        Detection(Box(0, 0, 60, 20), 0.9),
        Looks(characters, None),
        decoder.decode(distributions(plate, {})),
        Certainty(0.9, 0.9),
    )
    raw = raw or {plate: frames}
    reading = FusedReading(
        plate, 0.9, validate(plate), (), sum(raw.values()), raw.get(plate, 0), raw
    )
    best = BestFrame(first_s, there, np.zeros((4, 4, 3), np.uint8))
    return Pass("id", reading, first_s, last_s, frames, Direction(None, "steady"), best)


def assigned(labels: list[tuple[str, float, float]], passes: list[Pass]) -> dict[int, list[int]]:
    return assign([PassLabel(*label, tags={}) for label in labels], passes)


def test_passes_go_to_the_label_of_their_time_and_text() -> None:
    labels = [("ABC123", 0.0, 2.0), ("ABC123", 4.0, 6.0), ("XYZ789", 4.0, 6.0)]
    passes = [a_pass("XYZ799", 4.2, 6), a_pass("ABC123", 4.2, 6), a_pass("ABC128", 0.1, 2)]
    assert assigned(labels, passes) == {0: [2], 1: [1], 2: [0]}


def test_the_pass_with_the_most_frames_is_first() -> None:
    passes = [a_pass("ABC128", 0, 0.4, frames=2), a_pass("ABC123", 0.8, 2, frames=6)]
    assert assigned([("ABC123", 0.0, 2.0)], passes) == {0: [1, 0]}


def test_passes_of_another_time_or_text_are_of_no_label() -> None:
    passes = [a_pass("ABC123", 5, 6), a_pass("QQ1", 0, 2)]
    assert assigned([("ABC123", 0.0, 2.0)], passes) == {0: []}
    neighbour = a_pass("QQC173", 0, 2)  # shares half of the characters, at the same places
    assert assigned([("ABC123", 0.0, 2.0)], [neighbour]) == {0: []}
    misread = a_pass("QQ1", 0, 2, raw={"QQ1": 3, "ABC124": 1})
    assert assigned([("ABC123", 0.0, 2.0)], [misread]) == {0: [0]}


@pytest.fixture(scope="module")
def decoder() -> PlateDecoder:
    calibration = load_calibration("nz-mobile-vit-v2-ocr")
    return PlateDecoder(ALPHABET, "_", threshold=0.85, calibration=calibration)


def look(decoder: PlateDecoder, text: str, confidence: float) -> Look:
    slots = distributions(text, {})
    plates = tuple(one.plate for one in decoder.decode(slots).candidates)
    return Look(0.0, text, text, plates, confidence, (decoder.evidence(slots),), 40, 1.0)


def test_each_way_to_fuse(decoder: PlateDecoder) -> None:
    looks = [
        look(decoder, text, confidence)
        for text, confidence in (
            ("KLM482", 0.8),
            ("KLM482", 0.8),
            ("KLN482", 0.9),
            ("KLN483", 0.85),
            ("XYZ99", 0.99),
        )
    ]
    assert ways.fuse_all(looks, decoder) == {
        ways.BEST: "XYZ99",
        ways.MAJORITY: "KLM482",
        ways.POSITIONS: "KLN482",
        ways.LOGARITHMS: ways.logarithms(looks),
        ways.OURS: ways.fused(looks, decoder),
    }
    assert ways.logarithms([look(decoder, "KLM482", 0.8)] * 2) == "KLM482"
    assert ways.fused(looks[:2], decoder) == "KLM482"


def test_of_equally_common_answers_the_surer_one(decoder: PlateDecoder) -> None:
    looks = [look(decoder, "KLM482", 0.8), look(decoder, "KLN482", 0.9)]
    assert ways.majority(looks) == "KLN482"


def found(
    plate: str, first_s: float, last_s: float, *, told: bool = True, confidence: float = 0.95
) -> FoundPass:
    reads = {plate: 4}
    return FoundPass(plate, confidence, None, first_s, last_s, 4, 4, 4, reads, told)


def outcome(*passes: FoundPass, right: int = 0, first_s: float | None = None) -> PassOutcome:
    said = {ways.OURS: passes[0].plate} if passes else {}
    return PassOutcome(
        "a.mp4", "ABC123", 0, 2, {"condition": "dark"}, passes, said, 4, right, first_s
    )


def test_figures() -> None:
    passes = (
        outcome(found("ABC123", 0, 2), right=4, first_s=0.4),
        outcome(found("ABC128", 0, 2, confidence=0.6), right=1),
        outcome(found("ABC123", 0, 0.8), found("ABC123", 1, 2), right=4, first_s=0.8),
        outcome(found("ABC123", 0, 2), found("ABC12", 1, 2), right=4, first_s=0.6),
        outcome(found("ABC123", 0, 2, told=False), right=1),
        outcome(),
    )
    clips = (
        ClipOutcome("a.mp4", True, (found("GHOST", 3, 4, confidence=0.7),), 5, 25),
        ClipOutcome("b.mp4", False, (found("OTHER", 3, 4),), 5, 25),
    )
    summary = summarise_clips(ClipEvaluation("set", (), "d", "o", {}, "now", passes, clips))
    counts = {
        name: getattr(summary, name).count
        for name in ("right", "wrong", "missed", "split", "doubled", "some_frame")
    }
    assert counts == {
        "right": 3,
        "wrong": 1,
        "missed": 2,
        "split": 1,
        "doubled": 1,
        "some_frame": 5,
    }
    assert (summary.invented, summary.invented_sure) == (1, 0)
    assert summary.first_right_s.median == pytest.approx(0.6)
    assert summary.first_right_s.most == pytest.approx(0.8)
    assert summary.single_frames.value == pytest.approx(14 / 24)
    assert summary.ways[ways.OURS].count == 4  # right, though too few agree to tell it
    assert sum(one.right.total for one in summary.calibration.bins) == 5
    assert summary.by_condition["dark"].count == 3


@pytest.fixture
def _weights(weights_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in weights_environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.slow
@pytest.mark.usefixtures("_weights")
def test_drawn_clips_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, result = tmp_path / "clips", tmp_path / "result.json"
    size = ["--width", "960", "--height", "540", "--fps", "5"]
    traffic = ["--clips", "1", "--vehicles", "1", "--speed", "30", "--seed", "5"]
    assert synth(["video", str(folder), *traffic, *size]) == 0
    (folder / "broken.mov").write_bytes(b"no video")
    with (folder / "labels.csv").open("a") as stream:
        stream.write("broken.mov,ABC123,0,2,\n")
    assert main(["evaluate", str(folder), "--json", str(result), "--list"]) == 1
    shown = capsys.readouterr().out
    assert "passes right" in shown
    assert "broken.mov" in shown
    written = json.loads(result.read_text())
    first, second = written["passes"]
    assert first["found"][0]["plate"] == first["truth"]
    assert set(first["ways"]) == {
        ways.BEST,
        ways.MAJORITY,
        ways.POSITIONS,
        ways.LOGARITHMS,
        ways.OURS,
    }
    assert 0 <= first["first_right_s"] < 2
    assert second["found"] == []
    assert written["summary"]["right"]["count"] == 1


@pytest.mark.parametrize("option", [["--crops"], ["--by", "x"], ["--html", "x.html"]])
def test_options_of_pictures(
    tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    labels_csv(tmp_path, "a.mp4,ABC123,1,2")
    assert main(["evaluate", str(tmp_path), *option]) == 2
    assert "clips" in capsys.readouterr().err
