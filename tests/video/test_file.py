"""Video files: times of the stream, and nothing that a file holds can hang or crash the reader."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import InvalidVideo, TooManyPixels, VideoTooLong
from app.video.sources.file import FileSource
from tests.video.clips import grey_frames, write_clip

MAX_PIXELS = 4_000_000


def source(path: Path, **options: float) -> FileSource:
    chosen = {"fps": 5.0, "max_pixels": MAX_PIXELS, **options}
    return FileSource(path, **chosen)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", grey_frames(50), 25)


def test_frames_are_sampled_by_time(clip: Path) -> None:
    with source(clip) as video:
        frames = list(video)
    assert [frame.at_s for frame in frames] == pytest.approx([i / 5 for i in range(10)])
    levels = [float(frame.picture.mean()) for frame in frames]
    assert levels == pytest.approx([20 + 4 * 5 * i for i in range(10)], abs=4)
    assert frames[0].picture.shape == (48, 64, 3)
    assert (video.info.width, video.info.height, video.info.frames) == (64, 48, 50)
    assert video.info.duration_s == pytest.approx(2.0)
    assert (video.frames, video.warning) == (50, None)


@pytest.mark.parametrize(("rate", "asked", "given"), [(5, 30, 10), (10, 4, 8), (12.5, 5, 20)])
def test_never_more_frames_than_there_are(
    tmp_path: Path, rate: float, asked: float, given: int
) -> None:
    seconds = {5: 2, 10: 2, 12.5: 4}[rate]
    path = write_clip(tmp_path / "a.avi", grey_frames(int(rate * seconds)), rate)
    with source(path, fps=asked) as video:
        assert len(list(video)) == given


def test_a_variable_rate(shared: Path) -> None:
    path = shared / "data" / "video" / "toll_vn.mp4"
    if not path.is_file():
        pytest.skip("the video is not here")
    with source(path) as video:
        times = [frame.at_s for frame in video]
    assert times[-1] == pytest.approx(18.69, abs=0.02)
    assert all(int((t + 0.001) * 5) == i for i, t in enumerate(times))


@pytest.mark.parametrize("suffix", [".avi", ".mkv"])
def test_a_file_that_breaks_off_gives_what_there_is(tmp_path: Path, suffix: str) -> None:
    whole = write_clip(tmp_path / f"whole{suffix}", grey_frames(100, width=160, height=120), 10)
    part = tmp_path / f"part{suffix}"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with source(part) as video:
        frames = list(video)
    assert 5 < len(frames) < 45
    assert video.warning is not None
    assert "damaged" in video.warning


def test_a_rate_that_says_nothing_is_no_damage(tmp_path: Path) -> None:
    """Where the rate varies, Matroska's is that of its clock, and no count of the frames."""
    path = write_clip(tmp_path / "a.mkv", grey_frames(40, width=160, height=120), 10)
    duration = bytes.fromhex("23e38384"), (100_000_000).to_bytes(4, "big")
    data = path.read_bytes()
    assert data.count(b"".join(duration)) == 1
    path.write_bytes(data.replace(b"".join(duration), duration[0] + (2_000_000).to_bytes(4, "big")))
    with source(path) as video:
        assert len(list(video)) == 20
    assert video.frames == 40
    assert video.info.frames > 100
    assert video.warning is None


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"no video at all" * 100, random.Random(1).randbytes(100_000)),
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
    ids=["empty", "text", "noise", "playlist", "concat"],
)
def test_what_is_no_video(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    with pytest.raises(InvalidVideo):
        source(path)


def test_a_playlist_of_real_clips_is_not_followed(tmp_path: Path, clip: Path) -> None:
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {clip}\n",
    ):
        path = tmp_path / "a.m3u8"
        path.write_text(text)
        with pytest.raises(InvalidVideo):
            source(path)


def test_limits(clip: Path) -> None:
    with pytest.raises(TooManyPixels):
        source(clip, max_pixels=1000)
    with pytest.raises(VideoTooLong):
        source(clip, max_seconds=1.0)


@pytest.mark.parametrize("script", ["import time; time.sleep(60)", "import os; os.abort()"])
def test_a_decoder_that_hangs_or_crashes(
    clip: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    started = subprocess.Popen

    def replaced(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return started([sys.executable, "-c", script], **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", replaced)
    with pytest.raises(InvalidVideo):
        source(clip, stall_s=1.0)


def test_a_decoder_that_is_killed_on_the_way(clip: Path) -> None:
    with source(clip) as video:
        frames = iter(video)
        next(frames)
        video.abort()
        rest = list(frames)
    assert len(rest) < 10
    assert video._decoder.status is not None
    if len(rest) < 9:  # what the pipe held was still given
        assert video.warning is not None


def test_leaving_ends_the_process(clip: Path) -> None:
    with source(clip) as video:
        next(iter(video))
    assert video._decoder.status is not None
