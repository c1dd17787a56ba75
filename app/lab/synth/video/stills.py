"""Passes made of photographs: a camera moves over each, over a blurred copy of it.

Real plates in real light, with what a video adds: they grow and move, are smeared and dark, and
are read many times. Between two passes only the blurred copy is there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from app.lab.errors import DatasetError
from app.lab.evaluation.dataset import Photo
from app.lab.evaluation.matching import BoxF
from app.lab.synth.photo.camera import compress, trail
from app.lab.synth.photo.texture import Field
from app.lab.synth.types import Image
from app.lab.synth.video.grain import Grain
from app.lab.synth.video.types import PassTruth, VideoFrame

WIDTH: Final = 1280
HEIGHT: Final = 720
SHOWN_S: Final = 2.4
EVERY_S: Final = 3.2
LEAST: Final = 40.0
"""Narrower plates, in pixels of their photograph, are not taken."""
ENLARGED: Final = 1.4
"""Most that a photograph is enlarged."""
STRENGTHS: Final = (0.5, 1.0, 1.5)
JUMPS: Final = 3.0
"""Standard deviation of the place from frame to frame, in pixels."""
SMEAR: Final = 4.0
"""Of motion blur, in pixels: the scale of its gamma distribution."""


@dataclass(frozen=True, slots=True)
class Still:
    """A photograph and the plate in it that is asked for."""

    photo: Photo
    text: str
    box: BoxF


def usable(photos: Sequence[Photo], *, without: frozenset[str]) -> list[Still]:
    """Plates of known text that are wide enough, but for the texts `without`.

    Raises DatasetError where there is none.
    """
    found = [
        Still(photo, label.text, label.box)
        for photo in photos
        for label in photo.labels
        if label.counted
        and label.text
        and label.text not in without
        and label.box
        and label.box[2] - label.box[0] >= LEAST
    ]
    if not found:
        raise DatasetError("No photograph has a plate of known text that is wide enough.")
    return found


def draw_passes(
    rng: np.random.Generator, stills: Sequence[Still], strength: float, *, fps: float
) -> tuple[Iterator[VideoFrame], list[PassTruth]]:
    """One pass for each still, one after the other; `strength` of all that makes reading hard, 1
    is usual. Frames are drawn as they are taken."""
    truth = [
        PassTruth(still.text, round(i * EVERY_S, 2), round(i * EVERY_S + SHOWN_S, 2))
        for i, still in enumerate(stills)
    ]
    return _frames(rng, stills, strength, fps), truth


def _frames(
    rng: np.random.Generator, stills: Sequence[Still], strength: float, fps: float
) -> Iterator[VideoFrame]:
    grain = Grain(rng, HEIGHT, WIDTH, 4.0 * strength)
    frames = 0
    for number, still in enumerate(stills):
        picture = cv2.imread(str(still.photo.path))
        if picture is None:
            raise DatasetError(f"{still.photo.path} cannot be read.")
        moving = _Moving(rng, np.asarray(picture, np.uint8), still.box, strength)
        begin = number * EVERY_S
        while (moment := frames / fps) < begin + EVERY_S:
            light = moving.at(moment - begin)
            recorded = np.clip(grain.over(light) + 0.5, 0, 255).astype(np.uint8)
            yield VideoFrame(compress(recorded, round(80 - 12 * strength)), moment)
            frames += 1


class _Moving:
    """One still under the moving camera."""

    def __init__(
        self, rng: np.random.Generator, picture: Image, box: BoxF, strength: float
    ) -> None:
        self._picture = picture
        back = cv2.resize(picture, (WIDTH // 16, HEIGHT // 16), interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(back, (0, 0), 2.0)
        self._back = cv2.resize(soft, (WIDTH, HEIGHT)).astype(np.float32)
        self._middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
        wide = box[2] - box[0]
        self._near: float = min(ENLARGED, float(rng.uniform(85, 120)) / wide)
        self._far: float = self._near * float(rng.uniform(0.4, 0.6))
        self._from = np.array([rng.uniform(0.25, 0.5) * WIDTH, rng.uniform(0.3, 0.5) * HEIGHT])
        self._to = np.array([rng.uniform(0.5, 0.75) * WIDTH, rng.uniform(0.5, 0.75) * HEIGHT])
        self._lean = rng.uniform(-6, 6, 2) * strength
        self._yaw = rng.uniform(-2.5e-4, 2.5e-4, 2) * strength
        self._exposure = 2.0 ** (-rng.uniform(0.2, 1.3, 2) * strength)
        self._rng = rng
        self._strength = strength

    def at(self, moment: float) -> Field:
        share = moment / SHOWN_S
        exposure = np.float32(self._exposure[0] * (1 - share) + self._exposure[1] * share)
        if moment >= SHOWN_S:
            return np.asarray(self._back * exposure, np.float32)
        scale = float(self._far * (self._near / self._far) ** share)
        jump = self._rng.normal(0, JUMPS * self._strength, 2)
        place = self._from * (1 - share) + self._to * share + jump
        lean = np.radians(self._lean[0] * (1 - share) + self._lean[1] * share)
        turn = scale * np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
        matrix = np.eye(3)
        matrix[:2, :2] = turn
        matrix[:2, 2] = place - turn @ self._middle
        about = np.array([[1, 0, -place[0]], [0, 1, -place[1]], [0, 0, 1.0]])
        tilt = np.eye(3)
        tilt[2, :2] = self._yaw
        warp = np.linalg.inv(about) @ tilt @ about @ matrix
        shrunk = self._shrunk(scale)
        factor = shrunk.shape[1] / self._picture.shape[1]
        warp = warp @ np.diag([1 / factor, 1 / factor, 1.0])
        size = WIDTH, HEIGHT
        colours: Field = cv2.warpPerspective(shrunk, warp, size).astype(np.float32)
        alpha = cv2.warpPerspective(np.ones(shrunk.shape[:2], np.float32), warp, size)
        length = float(self._rng.gamma(1.2, SMEAR * self._strength))
        if length > 1:
            kernel = trail(length, float(self._rng.uniform(0, np.pi)))
            colours = np.asarray(cv2.filter2D(colours, -1, kernel), np.float32)
            alpha = cv2.filter2D(alpha, -1, kernel)
        laid = self._back * (1 - alpha[..., None]) + colours
        return np.asarray(laid * exposure, np.float32)

    def _shrunk(self, scale: float) -> Image:
        """The photograph in at most about the size needed, so that nothing is skipped over."""
        if scale >= 0.75:
            return self._picture
        factor = min(1.0, 1.33 * scale)
        small = cv2.resize(self._picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)
