"""A drawn plate in the place of the one in a photo, in that photo's light and sharpness."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from app.lab.synth.photo.appearance import Appearance, Box, edge_width, measure
from app.lab.synth.photo.camera import add_noise, degrade
from app.lab.synth.photo.compose import View, label, over, project
from app.lab.synth.photo.conditions import TYPICAL_EXPOSURE, Conditions, draw_conditions
from app.lab.synth.photo.geometry import Homography, bounds, homography, moved, pose_quad
from app.lab.synth.photo.light import illuminate
from app.lab.synth.photo.texture import Field, ramp
from app.lab.synth.photo.wear import age, cover
from app.lab.synth.plates.design import PlateSpec
from app.lab.synth.plates.plate import draw_plate
from app.lab.synth.plates.spec import draw_spec
from app.lab.synth.types import Image, LabelledPlate, PlateImage, Quad, Severity

MARGIN = 0.35
"""Nothing farther from the box of the old or the new plate, in heights of it, is changed."""


def overlay(
    rng: np.random.Generator,
    photo: Image,
    box: Box,
    *,
    spec: PlateSpec | None = None,
    mix: str = "road",
    severity: Severity | float | None = "easy",
    conditions: Conditions | None = None,
) -> tuple[Image, LabelledPlate]:
    """A copy of `photo` with a plate over the one in `box` (x1, y1, x2, y2 in pixels).

    The plate takes level, slope and tint of the light, sharpness, noise, size and tilt from the
    one it covers. Of the conditions only pose, wear, cover, shadow and glare are its own; those
    of the camera belong to the whole picture: `draw_photo`.

    Raises:
        ValueError: the box holds no plate of at least 4 by 4 pixels.
    """
    spec = spec or draw_spec(rng, mix=mix)
    picture, laid = _lay(rng, photo, box, spec, conditions or draw_conditions(rng, severity))
    # The camera was the photo's own: of its faults only the blur is known.
    own = laid.conditions
    camera = Conditions(
        severity=own.severity,
        character_height=own.character_height,
        yaw=own.yaw,
        pitch=own.pitch,
        roll=own.roll,
        shadow=own.shadow,
        glare=own.glare,
        dirt=own.dirt,
        flaking=own.flaking,
        fading=own.fading,
        dent=own.dent,
        cover=own.cover,
        defocus=laid.look.edge / own.character_height,
        noise=laid.look.noise,
    )
    return picture, laid.label(picture, camera)


def draw_photo(
    rng: np.random.Generator,
    photo: Image,
    box: Box,
    *,
    spec: PlateSpec | None = None,
    mix: str = "road",
    severity: Severity | float | None = None,
) -> tuple[Image, LabelledPlate]:
    """`overlay`, then the whole photo in the light and through the camera of the conditions.

    The photo is made smaller where its characters are taller than the conditions want them.
    """
    spec = spec or draw_spec(rng, mix=mix)
    conditions = draw_conditions(rng, severity)
    _, pixels_per_mm = _place(spec, box, conditions, 0.0)
    shrink = conditions.character_height / (pixels_per_mm * spec.layout.cap)
    if shrink < 1:
        photo = np.asarray(
            cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8
        )
        x1, y1, x2, y2 = (v * shrink for v in box)
        box = x1, y1, x2, y2
    picture, laid = _lay(rng, photo, box, spec, conditions)
    reflecting = np.zeros(picture.shape[:2], np.float32)
    reflecting[laid.window] = laid.view.alpha
    exposure = conditions.exposure / (TYPICAL_EXPOSURE if conditions.light == "day" else 1.0)
    ambient = replace(laid.conditions, exposure=exposure, gradient=0.0, shadow=0.0, glare=0.0)
    lit = illuminate(rng, picture.astype(np.float32), reflecting, ambient)
    recorded = degrade(rng, lit, laid.conditions)
    inherited = laid.look.edge / laid.conditions.character_height
    camera = replace(laid.conditions, defocus=float(np.hypot(laid.conditions.defocus, inherited)))
    return recorded, laid.label(recorded, camera)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A plate in a window (left, top, right, bottom) of a photo."""

    plate: PlateImage
    conditions: Conditions
    look: Appearance
    view: View
    matrix: Homography
    left: int
    top: int

    @property
    def window(self) -> tuple[slice, slice]:
        height, width = self.view.alpha.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def label(self, picture: Image, camera: Conditions) -> LabelledPlate:
        return label(
            self.plate,
            self.matrix,
            camera,
            picture[self.window],
            self.view,
            offset=(self.left, self.top),
        )


def _lay(
    rng: np.random.Generator, photo: Image, box: Box, spec: PlateSpec, conditions: Conditions
) -> tuple[Image, _Laid]:
    look = measure(photo, box)
    quad, pixels_per_mm = _place(spec, box, conditions, look.tilt)
    conditions = replace(conditions, character_height=pixels_per_mm * spec.layout.cap)
    supersample = 2 if pixels_per_mm < 0.35 else 1
    scale = float(np.clip(1.15 * supersample * pixels_per_mm, 0.3, 3))
    plate = draw_plate(rng, spec, scale=scale)
    plate, covered = cover(rng, age(rng, plate, conditions), conditions.cover)
    left, top, right, bottom = _window(photo, box, quad)
    matrix = moved(homography(plate.quad, quad), dx=-left, dy=-top)
    size = (right - left, bottom - top)
    view = project(plate, covered, matrix, size, supersample=supersample)
    laid = _Laid(plate, conditions, look, view, matrix, left, top)

    original = photo[laid.window].astype(np.float32)
    x1, y1, x2, y2 = box
    ground = without_plate(rng, original, (x1 - left, y1 - top, x2 - left, y2 - top), look)
    _cast_shadow(ground, view.alpha)
    lit = replace(view, colours=_in_light(rng, view, look, conditions))
    patch = _as_soft(over(ground, lit), ground, view, look)
    patch = patch + (add_noise(rng, patch, look.noise) - patch) * view.alpha[..., None]
    picture = photo.copy()
    picture[laid.window] = np.clip(patch + 0.5, 0, 255).astype(np.uint8)
    return picture, laid


def _place(spec: PlateSpec, box: Box, conditions: Conditions, tilt: float) -> tuple[Quad, float]:
    """Corners of the new plate: the middle, the area and the lean of the old one."""
    x1, y1, x2, y2 = box
    layout = spec.layout
    pose = pose_quad(
        layout.width,
        layout.height,
        yaw=conditions.yaw,
        pitch=conditions.pitch,
        roll=conditions.roll + tilt,
        distance=conditions.distance,
    )
    left, top, right, bottom = bounds(pose)
    pixels_per_mm = float(np.sqrt((x2 - x1) * (y2 - y1) / ((right - left) * (bottom - top))))
    # Of a wide box and a square plate, or the reverse, neither side may grow out of proportion.
    pixels_per_mm = min(
        pixels_per_mm, 1.5 * (x2 - x1) / (right - left), 1.5 * (y2 - y1) / (bottom - top)
    )
    middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2], np.float32)
    return np.asarray(pose * pixels_per_mm + middle, np.float32), pixels_per_mm


def _window(photo: Image, box: Box, quad: Quad) -> tuple[int, int, int, int]:
    """What is redrawn: both plates and a margin, cut to the photo."""
    x1, y1, x2, y2 = box
    left, top, right, bottom = bounds(quad)
    margin = MARGIN * max(y2 - y1, bottom - top)
    height, width = photo.shape[:2]
    return (
        max(0, int(min(x1, left) - margin)),
        max(0, int(min(y1, top) - margin)),
        min(width, int(np.ceil(max(x2, right) + margin))),
        min(height, int(np.ceil(max(y2, bottom) + margin))),
    )


def without_plate(rng: np.random.Generator, original: Field, box: Box, look: Appearance) -> Field:
    """The picture (h, w, 3) with the plate in `box` filled in from what surrounds it."""
    height, width = original.shape[:2]
    x1, y1, x2, y2 = box
    grow = 0.1 * (y2 - y1)
    corners = np.round([x1 - grow, y1 - grow, x2 + grow, y2 + grow]).astype(int)
    mask = np.zeros((height, width), np.uint8)
    mask[max(0, corners[1]) : corners[3], max(0, corners[0]) : corners[2]] = 255
    small = min(1.0, 96 / width)
    coarse = cv2.resize(original, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask, (coarse.shape[1], coarse.shape[0]), interpolation=cv2.INTER_LINEAR)
    filled = cv2.inpaint(coarse.astype(np.uint8), (hole > 0).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    filled = cv2.GaussianBlur(filled, (0, 0), 1.0)
    fill = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    fill = add_noise(rng, fill, look.noise)
    share = cv2.GaussianBlur(mask, (0, 0), max(0.8, 0.02 * (y2 - y1))).astype(np.float32) / 255
    return np.asarray(original + (fill - original) * share[..., None], np.float32)


def _in_light(
    rng: np.random.Generator, view: View, look: Appearance, conditions: Conditions
) -> Field:
    """Colours of the plate between the photo's black and white, with its own shade and glare."""
    height, width = view.alpha.shape
    middle, along_x, along_y = look.white
    white = middle + along_x * ramp(height, width, 0.0) + along_y * ramp(height, width, np.pi / 2)
    white = np.clip(white, 20, 255)[..., None] * np.array(look.tint, np.float32)
    share = view.colours / 235
    colours = look.black + share * (white - look.black)
    own = replace(conditions, light="day", exposure=1.0, gradient=0.0, haze=0.0, tint=(1, 1, 1))
    return illuminate(rng, np.asarray(colours, np.float32), view.alpha, own)


def _as_soft(patch: Field, ground: Field, view: View, look: Appearance) -> Field:
    """Blur the plate until its edges are as wide as the old plate's were; its surroundings stay."""
    columns = np.flatnonzero(view.alpha.max(axis=0) > 0.5)
    rows = np.flatnonzero(view.alpha.max(axis=1) > 0.5)
    plate = patch[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    sharp = edge_width(np.asarray(plate.mean(axis=2), np.float32))
    if look.edge <= sharp:
        return patch
    sigma = float(np.sqrt(look.edge**2 - sharp**2))
    soft = cv2.GaussianBlur(patch, (0, 0), sigma)
    near = cv2.dilate(view.alpha, np.ones((3, 3), np.uint8), iterations=max(1, round(2 * sigma)))
    near = cv2.GaussianBlur(near, (0, 0), max(0.8, sigma))
    return np.asarray(ground + (soft - ground) * np.minimum(near, 1)[..., None], np.float32)


def _cast_shadow(ground: Field, alpha: Field) -> None:
    """The plate stands a little off the bodywork, in place."""
    reach = max(0.8, 0.02 * alpha.shape[0])
    ground *= (1 - 0.3 * cv2.GaussianBlur(alpha, (0, 0), reach))[..., None]
