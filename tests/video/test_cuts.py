"""Scene cuts, alone and in a video that is watched."""

from collections.abc import Sequence

import numpy as np
import pytest

from app.lab.synth.video.traffic import draw_traffic
from app.lab.synth.video.types import Camera, Traffic
from app.nz.decoder import PlateDecoder
from app.video.cuts import CutDetector
from app.video.passes import PassEvent
from app.video.types import VideoFrame
from app.video.watching import WatchOptions, watch
from app.vision.pipeline import ReadOptions
from app.vision.types import Box, Certainty, Characters, Detection, Frame, FrameResult, Looks, Plate
from tests.nz.test_decoder import ALPHABET, distributions

CAMERA = Camera(width=480, height=270, fps=5)


def scene(seed: int, traffic: Traffic, camera: Camera = CAMERA) -> list[Frame]:
    frames, _ = draw_traffic(np.random.default_rng(seed), traffic, camera)
    return [frame.picture for frame in frames]


def cuts(pictures: Sequence[Frame]) -> list[int]:
    detector = CutDetector()
    return [i for i, picture in enumerate(pictures) if detector.is_cut(picture)]


@pytest.fixture(scope="module")
def street() -> list[Frame]:
    return scene(1, Traffic(1, lanes=2, speed=25))


def test_traffic_is_no_cut(street: list[Frame]) -> None:
    assert cuts(street) == []
    assert cuts(scene(2, Traffic(1, speed=-40), Camera(480, 270, fps=5, shake=6))) == []


def test_another_scene_is_one(street: list[Frame]) -> None:
    other = scene(1, Traffic(1, speed=40))
    turned = [picture[::-1, ::-1] for picture in other]
    assert cuts([*street[:5], *turned[:5], *street[5:8]]) == [5, 10]


def test_light_that_changes_is_none(street: list[Frame]) -> None:
    dark = [np.asarray(picture * 0.3 + 20, np.uint8) for picture in street[4:8]]
    assert cuts([*street[:4], *dark, *street[8:]]) == []


def test_pictures_that_show_nothing_are_passed_over(street: list[Frame]) -> None:
    black = [np.zeros_like(street[0])] * 3
    assert cuts([*street[:4], *black, *street[4:8]]) == []
    assert cuts([*black, *street[:4]]) == []


class OnePlate:
    """Reads the same plate at the same place in each frame."""

    def __init__(self, text: str) -> None:
        self.decoder = PlateDecoder(ALPHABET, "_", threshold=0.85)
        slots = distributions(text)
        characters = Characters(text, (0.99,) * len(text), slots, None)
        self._plate = Plate(
            Detection(Box(200, 150, 280, 176), 0.9),
            Looks(characters, None),
            self.decoder.decode(slots),
            Certainty(0.9, 0.99),
        )

    def read_frame(self, frame: Frame, options: ReadOptions) -> FrameResult:
        height, width = frame.shape[:2]
        return FrameResult((self._plate,), width, height, rejected={}, timings_ms={})

    def is_small(self, box: Box) -> bool:
        return False


def ends(pictures: Sequence[Frame]) -> list[tuple[float, float]]:
    """First and last time of each pass."""
    frames = [VideoFrame(picture, i / 5) for i, picture in enumerate(pictures)]
    options = WatchOptions(ReadOptions(min_confidence=0.4, enhance="off"))
    return [
        (event.passing.first_seen_s, event.passing.last_seen_s)
        for event in watch(frames, OnePlate("KLM482"), options)
        if isinstance(event, PassEvent) and event.kind == "end"
    ]


def test_a_cut_ends_the_passes_of_its_scene(street: list[Frame]) -> None:
    turned = [picture[::-1, ::-1] for picture in street[:5]]
    assert ends(street[:10]) == [(0.0, 1.8)]
    assert ends([*street[:5], *turned]) == [(0.0, 0.8), (1.0, 1.8)]
