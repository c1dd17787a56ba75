"""What age, weather and the car do to a plate: applied to the clean drawing, before the camera."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from app.lab.synth.photo.conditions import Conditions, Cover
from app.lab.synth.photo.texture import Field, clouds
from app.lab.synth.types import Image, Mask, PlateImage


def age(rng: np.random.Generator, plate: PlateImage, conditions: Conditions) -> PlateImage:
    """The plate faded, flaked, dirty and covered as the conditions say."""
    if not (conditions.fading or conditions.flaking or conditions.dirt or conditions.dent):
        return plate
    image = plate.image.astype(np.float32)
    if conditions.fading:
        _fade(rng, image, plate.ink, conditions.fading)
    if conditions.flaking:
        _flake(rng, image, plate, conditions.flaking)
    if conditions.dirt:
        _soil(rng, image, plate.scale, conditions.dirt)
    worn = replace(plate, image=np.clip(image, 0, 255).astype(np.uint8))
    return _bend(rng, worn, conditions.dent) if conditions.dent else worn


def _bend(rng: np.random.Generator, plate: PlateImage, strength: float) -> PlateImage:
    """A plate that follows no plane: pushed in by parking, shaded by its slope."""
    height, width = plate.ink.shape
    depth = clouds(rng, height, width, 2) - 0.5
    reach = 16 * plate.scale * strength
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lean = float(rng.uniform(-0.5, 0.5))
    across, down = x + reach * lean * depth, y + reach * depth

    def bent(source: Image | Mask) -> Image:
        moved = cv2.remap(source, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(moved, np.uint8)

    slope = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3) / 8 * height
    lit = bent(plate.image) * (1 + np.clip(0.35 * strength * slope, -0.4, 0.3))[..., None]
    return replace(
        plate,
        image=np.clip(lit, 0, 255).astype(np.uint8),
        alpha=bent(plate.alpha),
        ink=bent(plate.ink),
    )


def cover(rng: np.random.Generator, plate: PlateImage, kind: Cover) -> tuple[PlateImage, Mask]:
    """The plate with something in front of it; the mask tells where."""
    mask = np.zeros(plate.ink.shape, np.uint8)
    if kind == "":
        return plate, mask
    image = plate.image.copy()
    _COVERS[kind](rng, image, mask, plate)
    alpha = np.maximum(plate.alpha, mask) if kind == "tow_ball" else plate.alpha
    return replace(plate, image=image, alpha=alpha), mask


def _put_tow_ball(rng: np.random.Generator, image: Image, mask: Mask, plate: PlateImage) -> None:
    x0, _, _, y1, width, height = _extent(plate)
    centre = (
        round(x0 + width * rng.uniform(0.3, 0.7)),
        round(y1 - height * rng.uniform(-0.05, 0.25)),
    )
    radius = rng.uniform(20, 30) * plate.scale
    cv2.circle(mask, centre, round(radius), 255, -1, cv2.LINE_AA)
    half = round(0.5 * radius)
    cv2.rectangle(mask, (centre[0] - half, centre[1]), (centre[0] + half, len(mask)), 255, -1)
    shade = int(rng.integers(25, 130))
    image[mask > 127] = shade
    shine = (round(centre[0] - 0.3 * radius), round(centre[1] - 0.35 * radius))
    bright = min(255, shade + 90)
    cv2.circle(
        image, shine, max(1, round(0.22 * radius)), (bright, bright, bright), -1, cv2.LINE_AA
    )


def _put_edge(rng: np.random.Generator, image: Image, mask: Mask, plate: PlateImage) -> None:
    """A bumper or a tailgate that hides the plate's top or bottom."""
    _, y0, _, y1, _, height = _extent(plate)
    line = _wavy_edge(rng, image.shape[1], height * rng.uniform(0.08, 0.3))
    rows = np.arange(len(image), dtype=np.float32)[:, None]
    mask[(rows < y0 + line) if rng.random() < 0.5 else (rows > y1 - line)] = 255
    colour = np.full(3, rng.uniform(15, 190)) + rng.normal(0, 8, 3)
    image[mask > 127] = np.clip(colour, 0, 255).astype(np.uint8)


def _put_tape(rng: np.random.Generator, image: Image, mask: Mask, plate: PlateImage) -> None:
    x0, _, _, _, width, _ = _extent(plate)
    for _ in range(int(rng.integers(1, 3))):
        x = x0 + width * rng.uniform(0.05, 0.95)
        lean = width * rng.uniform(-0.12, 0.12)
        thick = round(rng.uniform(9, 20) * plate.scale)
        cv2.line(mask, (round(x), 0), (round(x + lean), len(mask)), 255, thick, cv2.LINE_AA)
    colours = ((150, 60, 20), (30, 30, 35), (170, 175, 175), (90, 150, 185))
    image[mask > 127] = colours[int(rng.integers(len(colours)))]


def _put_leaf(rng: np.random.Generator, image: Image, mask: Mask, plate: PlateImage) -> None:
    x0, y0, _, _, width, height = _extent(plate)
    centre = (round(x0 + width * rng.random()), round(y0 + height * rng.random()))
    axes = (
        round(rng.uniform(10, 24) * plate.scale),
        max(1, round(rng.uniform(5, 12) * plate.scale)),
    )
    cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    colours = ((40, 90, 60), (40, 80, 110), (30, 60, 90))
    image[mask > 127] = colours[int(rng.integers(len(colours)))]


_COVERS: Final[Mapping[str, Callable[[np.random.Generator, Image, Mask, PlateImage], None]]] = {
    "tow_ball": _put_tow_ball,
    "edge": _put_edge,
    "tape": _put_tape,
    "leaf": _put_leaf,
}


def _extent(plate: PlateImage) -> tuple[float, float, float, float, float, float]:
    """Left, top, right and bottom of the plate without its frame, its width and height."""
    (x0, y0), (x1, y1) = plate.quad[0].tolist(), plate.quad[2].tolist()
    return x0, y0, x1, y1, x1 - x0, y1 - y0


def _fade(rng: np.random.Generator, image: Field, ink: Mask, strength: float) -> None:
    """Ink bleaches towards the ground in patches; the ground yellows or greys."""
    height, width = ink.shape
    patches = 0.55 + 0.9 * (clouds(rng, height, width, 3) - 0.5)
    ground = image[ink < 8].mean(axis=0) if (ink < 8).any() else np.full(3, 128.0)
    share = (ink.astype(np.float32) / 255 * np.clip(patches, 0, 1) * 0.7 * strength)[..., None]
    image += (ground.astype(np.float32) - image) * share
    image *= 1 - strength * np.array(rng.uniform((0.05, 0, 0), (0.3, 0.12, 0.1)), np.float32)


def _flake(rng: np.random.Generator, image: Field, plate: PlateImage, strength: float) -> None:
    """Paint is lost in spots: bare metal on the characters, or rust around the holes."""
    height, width = plate.ink.shape
    field = clouds(rng, height, width, int(rng.integers(8, 20)))
    lost = np.clip((field - (0.86 - 0.26 * strength)) * 14, 0, 1)
    where = lost * (plate.ink.astype(np.float32) / 255) if rng.random() < 0.7 else lost
    colour = rng.uniform(120, 215) + np.array([0, 2, 4])
    if rng.random() < 0.3:
        colour = np.array([45, 75, 120]) * rng.uniform(0.7, 1.3)
    image += (colour.astype(np.float32) - image) * (where * 0.85)[..., None]


def _soil(rng: np.random.Generator, image: Field, scale: float, strength: float) -> None:
    """A film of dust that is thicker below, with splashes."""
    height, width = image.shape[:2]
    rise = np.linspace(0.35, 1.15, height, dtype=np.float32)[:, None] ** 1.5
    film = clouds(rng, height, width, 4) * rise
    film = np.clip(film * 1.6 - 0.3, 0, 1) * 0.62 * strength
    splashes = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.poisson(26 * strength))):
        at = (int(rng.integers(width)), int(height * (1 - rng.beta(1.2, 2.0))))
        cv2.circle(splashes, at, max(1, round(rng.gamma(1.5, 1.6) * scale)), 255, -1)
    if strength > 0.35:
        film = np.maximum(film, splashes.astype(np.float32) / 255 * rng.uniform(0.3, 0.8))
    brown = np.array([55, 78, 98]) * rng.uniform(0.6, 1.45) + rng.normal(0, 8, 3)
    image += (brown.astype(np.float32) - image) * film[..., None]


def _wavy_edge(rng: np.random.Generator, width: int, depth: float) -> Field:
    points = rng.normal(0, 0.12, 6).astype(np.float32)[None]
    wave = cv2.resize(points, (width, 1), interpolation=cv2.INTER_CUBIC)[0]
    slope = np.linspace(-0.25, 0.25, width) * rng.normal()
    return np.asarray(depth * (1 + wave + slope), np.float32)[None]
