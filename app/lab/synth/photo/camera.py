"""What lens, sensor and codec do to the light, in the order in which they do it."""

import cv2
import numpy as np

from app.lab.synth.photo.conditions import Conditions
from app.lab.synth.photo.texture import Field, clouds
from app.lab.synth.types import Image


def degrade(rng: np.random.Generator, picture: Image | Field, conditions: Conditions) -> Image:
    """A picture (h, w, 3), uint8 or float32 0..255, as a camera under `conditions` records it.

    Sizes of blur follow `conditions.character_height`, which is in pixels of this picture.
    """
    light = picture.astype(np.float32)
    light = blur(light, conditions)
    if conditions.rain:
        light = _rain(rng, light, conditions)
    noisy = add_noise(rng, light, conditions.noise)
    if conditions.zoom > 1.05:
        noisy = _enlarge(noisy, conditions.zoom)
    if conditions.sharpen:
        soft = cv2.GaussianBlur(noisy, (0, 0), 1.2)
        noisy = noisy + conditions.sharpen * (noisy - soft)
    recorded = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
    return compress(recorded, conditions.jpeg)


def blur(light: Field, conditions: Conditions) -> Field:
    """Out of focus, and moved while the shutter was open."""
    sigma = conditions.defocus * conditions.character_height
    if sigma > 0.25:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), np.float32)
    length = conditions.motion * conditions.character_height
    if length > 1:
        kernel = trail(length, np.radians(conditions.motion_angle))
        light = np.asarray(
            cv2.filter2D(light, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32
        )
    return light


def add_noise(rng: np.random.Generator, light: Field, sigma: float) -> Field:
    """Noise of the sensor in grey levels, finer in brightness than in colour."""
    if sigma < 0.3:
        return light
    height, width = light.shape[:2]
    grain = rng.standard_normal((height, width, 1), np.float32)
    coarse = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), np.float32)
    colour = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    level = 0.6 + 0.4 * np.sqrt(np.clip(light.mean(axis=2, keepdims=True), 0, 255) / 128)
    return np.asarray(light + sigma * level * (0.85 * grain + 0.6 * colour), np.float32)


def compress(picture: Image, quality: int) -> Image:
    """Through JPEG and back; from 96 on nothing is lost."""
    if quality >= 96:
        return picture
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.asarray(decoded, np.uint8)


def trail(length: float, angle: float) -> Field:
    """Kernel of a straight movement, `length` pixels long."""
    size = 2 * int(np.ceil(length / 2)) + 1
    middle = size // 2
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    kernel = np.zeros((size, size), np.float32)
    ends = np.round((np.array([-reach, reach]) + middle) * 16).astype(int).tolist()
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_8, 4)
    kernel[middle, middle] = max(kernel[middle, middle], 1e-3)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _rain(rng: np.random.Generator, light: Field, conditions: Conditions) -> Field:
    """Drops on the lens smear patches, falling ones leave pale streaks."""
    height, width = light.shape[:2]
    cap = conditions.character_height
    smeared = cv2.GaussianBlur(light, (0, 0), max(0.6, 0.16 * cap))
    field = clouds(rng, height, width, 5)
    where = np.clip((field - (0.95 - 0.5 * conditions.rain)) * 10, 0, 1)
    wet = light + (smeared * 1.05 - light) * where[..., None]
    streaks = np.zeros((height, width), np.float32)
    for _ in range(int(rng.poisson(30 * conditions.rain))):
        x, y = float(rng.uniform(0, width)), float(rng.uniform(-0.3 * height, height))
        fall = float(rng.uniform(0.3, 1.0)) * cap
        cv2.line(
            streaks,
            (round(x), round(y)),
            (round(x + 0.1 * fall), round(y + fall)),
            (float(rng.uniform(15, 50)),),
            1,
            cv2.LINE_AA,
        )
    return np.asarray(wet + cv2.GaussianBlur(streaks, (0, 0), 0.7)[..., None], np.float32)


def _enlarge(light: Field, factor: float) -> Field:
    """Recorded smaller and enlarged: what a digital zoom leaves."""
    height, width = light.shape[:2]
    small = (max(4, round(width / factor)), max(4, round(height / factor)))
    down = cv2.resize(light, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(down, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
