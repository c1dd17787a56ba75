"""The street behind the car of a drawn scene."""

import cv2
import numpy as np

from app.lab.synth.photo.texture import Field, clouds
from app.lab.synth.scenes.canvas import Canvas


def draw_street(rng: np.random.Generator, canvas: Canvas) -> int:
    """Sky, hills, houses, hedge, footpath and road; returns the row of the horizon."""
    height, width = canvas.light.shape[:2]
    horizon: int = round(height * float(rng.uniform(0.42, 0.48)))
    sky = np.linspace(0, 1, horizon, dtype=np.float32)[:, None, None]
    canvas.light[:horizon] = (
        np.array((225, 185, 150), np.float32) * (1 - sky) + np.array((235, 228, 220)) * sky
    )
    haze = clouds(rng, horizon, width, 4)[..., None]
    canvas.light[:horizon] += 34 * np.clip(haze - 0.45, 0, 1)

    hills = horizon - height * (0.06 + 0.07 * clouds(rng, width // 2, width, 2)[0])
    rows = np.arange(height)[:, None]
    canvas.light[(rows > hills[None]) & (rows < horizon + 2)] = (118, 128, 112)
    left = -0.05 * width
    while left < width:
        wide = width * float(rng.uniform(0.12, 0.28))
        if rng.random() < 0.75:
            _draw_house(rng, canvas.light, left, horizon, wide)
        left += wide * float(rng.uniform(1.05, 1.5))
    hedge = horizon - height * (0.035 + 0.05 * clouds(rng, width // 6, width, 3)[0])
    leaves = 0.55 + 0.9 * clouds(rng, height, width, 60)[..., None]
    inside = (rows > hedge[None]) & (rows < horizon + 0.03 * height)
    canvas.light[inside] = (np.array((48, 84, 62), np.float32) * leaves)[inside]

    path_end = horizon + round(0.09 * height)
    grain = rng.normal(0, 1, (height, width, 1)).astype(np.float32)
    coarse = clouds(rng, height, width, 8)[..., None]
    canvas.light[horizon + round(0.03 * height) : path_end] = (162, 168, 172)
    near = np.linspace(0.85, 1.1, height - path_end, dtype=np.float32)[:, None, None]
    canvas.light[path_end:] = np.array((104, 106, 108), np.float32) * near
    canvas.light[path_end : path_end + round(0.008 * height)] = (198, 202, 204)
    lower = np.s_[horizon + round(0.03 * height) :]
    canvas.light[lower] += 4.5 * grain[lower] + 18 * (coarse[lower] - 0.5)
    lane = np.array(
        [
            [0.02, 0.99],
            [0.16, path_end / height + 0.1],
            [0.17, path_end / height + 0.1],
            [0.06, 0.99],
        ]
    ) * (width, height)
    cv2.fillPoly(canvas.light, [lane.astype(np.int32)], (196, 200, 202), cv2.LINE_AA)
    return horizon


def _draw_house(
    rng: np.random.Generator, light: Field, left: float, ground: int, wide: float
) -> None:
    tall = wide * float(rng.uniform(0.3, 0.5))
    wall = np.array((176, 190, 198)) * rng.uniform(0.75, 1.15) + rng.normal(0, 8, 3)
    roof = np.array((70, 72, 92)) * rng.uniform(0.6, 1.3) + rng.normal(0, 10, 3)
    x0, x1 = left, left + wide
    top = ground - tall
    cv2.rectangle(light, (round(x0), round(top)), (round(x1), ground + 4), wall.tolist(), -1)
    gable = np.array(
        [
            [x0 - 0.06 * wide, top],
            [x0 + 0.2 * wide, top - 0.45 * tall],
            [x1 - 0.2 * wide, top - 0.45 * tall],
            [x1 + 0.06 * wide, top],
        ]
    )
    cv2.fillPoly(light, [gable.astype(np.int32)], roof.tolist(), cv2.LINE_AA)
    for at in (0.12, 0.42, 0.72):
        corner = (round(x0 + at * wide), round(top + 0.25 * tall))
        far = (round(x0 + (at + 0.16) * wide), round(top + 0.62 * tall))
        cv2.rectangle(light, corner, far, (88, 78, 70), -1)
        cv2.rectangle(light, corner, far, (222, 224, 224), 2, cv2.LINE_AA)
