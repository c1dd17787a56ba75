"""What looks most like a plate and is none: dealers' panels and empty holders where plates were,
signs in the street, and the parts of vehicles without a plate near them, some of them on a poster.

Where a photo shows a plate small, nobody can tell a panel in its place from it, nor a light panel
from a plate of other letters or in glare: panels take the place of plates that are near, and they
and signs are dark or coloured. Views show them from as far away as plates.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.lab.synth.photo.appearance import measure
from app.lab.synth.photo.overlay import without_plate
from models.training.common.photos import Photo
from models.training.drawing.overlaid import fitting
from models.training.drawing.panels import (
    Colour,
    Panel,
    draw_panel,
    draw_recess,
    draw_sign,
    words,
    write,
)

Image = NDArray[np.uint8]

LARGEST = 0.5  # of the photo's width; wider plates stay
NARROWEST = 40.0  # px; so do narrower ones
PART = (0.3, 0.7)  # sides of a part of a photo, shares of the photo's
POSTER = (0.5, 0.95)  # sides of one that fills a part
POSTER_SHARE = 0.3
LETTERED_SHARE = 0.5  # of the posters
FILLED_SHARE = 0.5  # of the plates: filled in from what surrounds them, as drawn plates' places are
ERASED_SHARE = 0.12  # of the plates: nothing takes their place
RECESS_SHARE = 0.15  # of the covered plates
HARD_SHARE = 0.25  # of the panels: with a hard edge
RING = 0.4  # of a plate's height: strips above and below it show the vehicle's colour


def part(photo: Photo, rng: np.random.Generator) -> Photo | None:
    """A random window of the photo, apart from its plates; None where chance finds none."""
    image = _window(photo, rng)
    if image is None:
        return None
    shown = _window(photo, rng) if rng.random() < POSTER_SHARE else None
    if shown is not None:
        image = _with_poster(image, shown, rng)
    return Photo(photo.name, photo.source, image, np.empty((0, 4), np.float32), ())


def _ink(rng: np.random.Generator) -> Colour:
    blue, green, red = rng.integers(0, 256, 3).tolist()
    return blue, green, red


def _window(photo: Photo, rng: np.random.Generator) -> Image | None:
    extent = np.array([photo.image.shape[1], photo.image.shape[0]])
    for _ in range(20):
        sides = extent * rng.uniform(*PART, 2)
        left, top = (rng.uniform(0, 1, 2) * (extent - sides)).tolist()
        right, bottom = left + float(sides[0]), top + float(sides[1])
        if _apart(photo.boxes, (left, top, right, bottom), 0.0):
            return photo.image[int(top) : int(bottom), int(left) : int(right)]
    return None


def _with_poster(ground: Image, shown: Image, rng: np.random.Generator) -> Image:
    """A copy of the ground on which hangs a poster, some with words, half of them framed."""
    extent = np.array([ground.shape[1], ground.shape[0]])
    wide, tall = (int(side) for side in extent * rng.uniform(*POSTER, 2))
    left, top = (int(place) for place in rng.uniform(0, 1, 2) * (extent - (wide, tall)))
    image = ground.copy()
    at = image[top : top + tall, left : left + wide]
    at[:] = cv2.resize(shown, (wide, tall), interpolation=cv2.INTER_AREA)
    if rng.random() < LETTERED_SHARE:
        x, y = (int(place) for place in rng.uniform(0, 0.5, 2) * (wide, tall))
        write(rng, at[y:, x:], words(rng, int(rng.integers(2, 5))), _ink(rng))
    if rng.random() < 0.5:
        cv2.rectangle(at, (0, 0), (wide - 1, tall - 1), _ink(rng), max(1, tall // 40))
    return image


def with_decoys(photo: Photo, rng: np.random.Generator) -> Photo:
    """The photo without the plates that a panel can cover, and with up to two signs."""
    image = photo.image.copy()
    covered = coverable(photo)
    decoys = photo.boxes[covered].tolist()
    for i in covered:
        x1, y1, x2, y2 = photo.boxes[i].tolist()
        look = measure(photo.image, (x1, y1, x2, y2))
        light, aspect = float(np.clip(look.white[0] / 235, 0.2, 1.1)), (x2 - x1) / (y2 - y1)
        box = (x1, y1, x2, y2)
        if rng.random() < FILLED_SHARE:
            image = without_plate(rng, image.astype(np.float32), box, look).clip(0, 255)
            image = image.astype(np.uint8)
        if rng.random() < ERASED_SHARE:
            continue
        panel = draw_panel(rng, aspect)
        if rng.random() < RECESS_SHARE:
            light, panel = 1.0, draw_recess(rng, aspect, _around(photo.image, box))
        blur = min(look.edge, 3.0) if rng.random() >= HARD_SHARE else 0.3
        _lay(image, panel, box, rng, light=light, blur=blur, noise=look.noise)
    boxes = np.delete(photo.boxes, covered, axis=0)
    texts = [text for i, text in enumerate(photo.texts) if i not in covered]
    for _ in range(int(rng.integers(3))):
        place = _free_place(photo, rng)
        if place is not None:
            light = float(rng.uniform(0.4, 1.0))
            panel = draw_sign(rng, (place[2] - place[0]) / (place[3] - place[1]))
            blur, noise = float(rng.uniform(0.3, 1.2)), float(rng.uniform(0, 5))
            _lay(image, panel, place, rng, light=light, blur=blur, noise=noise)
            decoys.append(place)
    laid = np.array(decoys, np.float32).reshape(-1, 4)
    return Photo(photo.name, photo.source, image, boxes, tuple(texts), laid)


def coverable(photo: Photo) -> list[int]:
    """The plates that a panel can cover: near ones that leave room around them."""
    widest = LARGEST * photo.image.shape[1]
    wide = photo.boxes[:, 2] - photo.boxes[:, 0]
    return [i for i in fitting(photo) if NARROWEST <= wide[i] < widest]


def _around(image: Image, box: tuple[float, float, float, float]) -> Colour:
    """The median colour above and below the box."""
    x1, y1, x2, y2 = (round(each) for each in box)
    tall = max(1, round(RING * (y2 - y1)))
    strips = (image[max(0, y1 - tall) : y1, x1:x2], image[y2 : y2 + tall, x1:x2])
    seen = np.concatenate([strip.reshape(-1, 3) for strip in strips])
    blue, green, red = (int(each) for each in np.median(seen, axis=0))
    return blue, green, red


def _lay(
    image: Image,
    panel: Panel,
    box: tuple[float, float, float, float],
    rng: np.random.Generator,
    *,
    light: float,
    blur: float,
    noise: float,
) -> None:
    """Warp the panel over the box, in place, its corners moved a little."""
    x1, y1, x2, y2 = box
    extent = np.array([x2 - x1, y2 - y1])
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    corners = corners + rng.normal(0, 0.03, (4, 2)) * extent
    corners += np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.06 * extent  # nothing peeps out
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 3, 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 3, [image.shape[1], image.shape[0]])
    width, height = (high - low).tolist()
    drawn_height, drawn_width = panel.alpha.shape
    front = np.array(
        [[0, 0], [drawn_width, 0], [drawn_width, drawn_height], [0, drawn_height]], np.float32
    )
    fine = 2  # rays a pixel and axis
    onto = ((corners - low) * fine).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(front, onto)
    source = cv2.GaussianBlur(panel.image, (0, 0), max(0.3, drawn_width / (extent[0] * fine) / 2))
    colours, share = (
        cv2.GaussianBlur(
            cv2.resize(
                cv2.warpPerspective(each, matrix, (width * fine, height * fine)),
                (width, height),
                interpolation=cv2.INTER_AREA,
            ).astype(np.float32),
            (0, 0),
            max(0.3, blur),
        )
        for each in (source, panel.alpha)
    )
    window = image[low[1] : high[1], low[0] : high[0]]
    grain = rng.normal(0, noise, window.shape)
    laid = window + (colours * light + grain - window) * share[..., None] / 255
    window[:] = np.clip(laid, 0, 255).astype(np.uint8)


def _free_place(photo: Photo, rng: np.random.Generator) -> tuple[float, float, float, float] | None:
    """A box of a sign's size that touches no plate, None where chance finds none."""
    height, width = photo.image.shape[:2]
    for _ in range(5):
        wide = width * float(np.exp(rng.uniform(np.log(0.06), np.log(0.35))))
        tall = wide / float(np.exp(rng.uniform(np.log(0.7), np.log(6))))
        if tall < 6 or tall > 0.5 * height:
            continue
        left, top = float(rng.uniform(0, width - wide)), float(rng.uniform(0, height - tall))
        box = (left, top, left + wide, top + tall)
        if _apart(photo.boxes, box, 0.2):
            return box
    return None


def _apart(
    boxes: NDArray[np.float32], box: tuple[float, float, float, float], margin: float
) -> bool:
    """Whether none of the boxes comes nearer to the one than `margin` of its sides."""
    left, top, right, bottom = box
    across, down = margin * (right - left), margin * (bottom - top)
    apart = (
        (boxes[:, 0] > right + across)
        | (boxes[:, 2] < left - across)
        | (boxes[:, 1] > bottom + down)
        | (boxes[:, 3] < top - down)
    )
    return bool(apart.all())
