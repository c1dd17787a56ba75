"""Vehicles on a road, frame by frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from app.lab.synth.chance import choose
from app.lab.synth.photo.camera import trail
from app.lab.synth.photo.texture import Field
from app.lab.synth.plates.spec import draw_spec
from app.lab.synth.scenes.canvas import Canvas
from app.lab.synth.scenes.street import draw_street
from app.lab.synth.types import Image
from app.lab.synth.video.grain import Grain
from app.lab.synth.video.layer import Layer, draw_vehicle, paste
from app.lab.synth.video.shaking import Shaking
from app.lab.synth.video.types import Camera, PassTruth, Traffic, VideoFrame
from app.lab.synth.video.ways import KERB, NEAR, Way, drives

FOCAL = 1.6
"""Focal length in widths of the picture."""
LENS_HEIGHT = 1.6
"""Metres above the road."""
BLIND = 0.5
"""Width of what crosses before the camera, in widths of the picture."""
STEP_S = 0.02
"""Precision of the times in the truth."""
JITTER = 0.7
"""Share of the time between two frames that a variable rate adds or takes."""


@dataclass(frozen=True, slots=True)
class _Vehicle:
    text: str
    way: Way
    layer: Layer


@dataclass(frozen=True, slots=True)
class _Blind:
    """A van's flank that crosses from right to left: its left edge is at `x` at time 0."""

    x: float
    speed: float
    picture: Image


def draw_traffic(
    rng: np.random.Generator, traffic: Traffic, camera: Camera
) -> tuple[Iterator[VideoFrame], list[PassTruth]]:
    """Frames, drawn as they are taken, and what passes in them, in the order of their beginnings.

    Raises ValueError where the traffic is none that can be drawn.
    """
    rows = drives(traffic)
    end_s = rows[-1][0].end_s + 0.5 if rows else 10.0
    always = np.array([0.0, end_s])
    kerb = [Way(side, always, np.array([away, away])) for side, away in KERB[: traffic.parked]]
    scale = FOCAL * camera.width / NEAR
    specs = [
        replace(draw_spec(rng, mix=traffic.mix), frame=None)
        for _ in range(sum(map(len, rows)) + len(kerb))
    ]
    ways = [way for row in rows for way in row] + kerb
    vehicles = [
        _Vehicle(spec.text, way, draw_vehicle(rng, spec, scale))
        for spec, way in zip(specs, ways, strict=True)
    ]
    scene = _Scene(rng, camera, vehicles)
    if traffic.hidden_s:
        leading = [vehicles[i * traffic.lanes] for i in range(traffic.vehicles)]
        scene.blinds = [scene.blind(vehicle, traffic.hidden_s) for vehicle in leading]
    truth = sorted(
        (scene.truth(vehicle) for vehicle in vehicles), key=lambda one: (one.start_s, one.text)
    )
    return scene.frames(_moments(rng, camera, end_s)), truth


class _Scene:
    def __init__(
        self, rng: np.random.Generator, camera: Camera, vehicles: Sequence[_Vehicle]
    ) -> None:
        self._rng = rng
        self._camera = camera
        self._vehicles = vehicles
        self._shaking = Shaking(rng, camera.shake)
        self._grain = Grain(rng, camera.height, camera.width, camera.noise)
        self._sized: dict[str, Layer] = {}
        self._street = np.zeros((camera.height, camera.width, 3), np.float32)
        canvas = Canvas(self._street, camera.width / 2, camera.height, camera.width / 3)
        self._horizon = draw_street(rng, canvas)
        self.blinds: list[_Blind] = []

    def frames(self, moments: Sequence[float]) -> Iterator[VideoFrame]:
        for moment in moments:
            yield VideoFrame(self._picture(moment), moment)

    def truth(self, vehicle: _Vehicle) -> PassTruth:
        """When its plate is all in the picture, whatever is before it."""
        way = vehicle.way
        moments = np.arange(way.times[0], way.end_s + STEP_S, STEP_S)
        seen = [t for t in moments.tolist() if self._shows(vehicle, t)]
        if not seen:
            raise ValueError(f"{vehicle.text} is never in the picture.")
        return PassTruth(vehicle.text, round(seen[0], 2), round(seen[-1], 2))

    def blind(self, vehicle: _Vehicle, hidden_s: float) -> _Blind:
        """What hides the plate of a vehicle for that time, about the middle of its pass."""
        width, height = self._camera.width, self._camera.height
        truth = self.truth(vehicle)
        moment = (truth.start_s + truth.end_s - hidden_s) / 2
        place = self._plate(vehicle, moment)
        assert place is not None
        wide = round(BLIND * width)
        speed = (wide - (place[2] - place[0])) / hidden_s
        flank = np.empty((height, wide, 3), np.float32)
        flank[:] = choose(self._rng, ((190, 192, 194), (60, 62, 66), (120, 80, 40)), (1, 1, 1))
        flank *= np.linspace(1.1, 0.75, height, dtype=np.float32)[:, None, None]
        return _Blind(place[0] + speed * moment, speed, flank.astype(np.uint8))

    def _picture(self, moment: float) -> Image:
        camera = self._camera
        light = self._street.copy()
        there = [(v.way.at(moment), v) for v in self._vehicles]
        for away, vehicle in sorted(
            ((away, v) for away, v in there if away is not None), key=lambda pair: -pair[0]
        ):
            x, y, scale = self._stands(vehicle.way, away)
            before = vehicle.way.at(moment - camera.shutter)
            x0, y0, _ = self._stands(vehicle.way, away if before is None else before)
            self._layer(vehicle, scale).lay(light, x, y, (x - x0, y - y0))
        for blind in self.blinds:
            alpha = np.ones(blind.picture.shape[:2], np.float32)
            left = round(blind.x - blind.speed * moment)
            paste(light, blind.picture.astype(np.float32), alpha, (left, 0))
        return self._record(light, moment)

    def _record(self, light: Field, moment: float) -> Image:
        camera = self._camera
        right, down = self._shaking.at(moment)
        if right or down:
            before = self._shaking.at(moment - camera.shutter)
            shift = np.array([[1, 0, right], [0, 1, down]])
            size = camera.width, camera.height
            light = np.asarray(
                cv2.warpAffine(light, shift, size, borderMode=cv2.BORDER_REPLICATE), np.float32
            )
            moved = right - before[0], down - before[1]
            length = float(np.hypot(*moved))
            if length > 1:
                kernel = trail(length, float(np.arctan2(moved[1], moved[0])))
                light = np.asarray(cv2.filter2D(light, -1, kernel), np.float32)
        if camera.defocus > 0.25:
            light = np.asarray(cv2.GaussianBlur(light, (0, 0), camera.defocus), np.float32)
        recorded = self._grain.over(light * np.float32(camera.light))
        return np.asarray(np.clip(recorded + 0.5, 0, 255), np.uint8)

    def _layer(self, vehicle: _Vehicle, scale: float) -> Layer:
        """Made smaller anew only where it has moved."""
        kept = self._sized.get(vehicle.text)
        if kept is None or kept.scale != scale:
            kept = self._sized[vehicle.text] = vehicle.layer.scaled(scale)
        return kept

    def _stands(self, way: Way, away: float) -> tuple[float, float, float]:
        """x, y of the point on the road, and pixels a metre there."""
        scale = FOCAL * self._camera.width / away
        return self._camera.width / 2 + way.side * scale, self._horizon + LENS_HEIGHT * scale, scale

    def _plate(self, vehicle: _Vehicle, moment: float) -> tuple[float, float, float, float] | None:
        away = vehicle.way.at(moment)
        if away is None:
            return None
        x, y, scale = self._stands(vehicle.way, away)
        x1, y1, x2, y2 = vehicle.layer.plate
        return x + x1 * scale, y + y1 * scale, x + x2 * scale, y + y2 * scale

    def _shows(self, vehicle: _Vehicle, moment: float) -> bool:
        place = self._plate(vehicle, moment)
        if place is None:
            return False
        x1, y1, x2, y2 = place
        return x1 >= 0 and y1 >= 0 and x2 <= self._camera.width and y2 <= self._camera.height


def _moments(rng: np.random.Generator, camera: Camera, end_s: float) -> list[float]:
    moments = np.arange(0, end_s, 1 / camera.fps)
    if camera.variable:
        moments[1:] += rng.uniform(-JITTER / 2, JITTER / 2, len(moments) - 1) / camera.fps
    return [round(moment, 3) for moment in moments.tolist()]
