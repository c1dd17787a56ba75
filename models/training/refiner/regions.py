"""What the refiner sees of a detection: the pixels in two regions around its box, and its shape."""

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 32, 64  # of a region
ENLARGED = (1.3, 3.0)  # sides of the regions, in those of the box
RAYS = 2  # samples a pixel and axis, averaged
USUAL_WIDTH = 50.0  # px

Image = NDArray[np.uint8]
Boxes = NDArray[np.float32]


def shapes_of(boxes: Boxes) -> NDArray[np.float32]:
    """(n, 2): logarithms of the width over the usual one and of the width over the height of boxes
    (n, 4) x1 y1 x2 y2 in pixels."""
    wide, tall = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).T
    return np.log(np.column_stack([wide / USUAL_WIDTH, wide / tall])).astype(np.float32)


def regions_of(image: Image, box: NDArray[np.float32]) -> Image:
    """(3 * len(ENLARGED), HEIGHT, WIDTH) uint8 RGB: what ONNX's RoiAlign cuts around a box of the
    detector's input `image` (h, w, 3) BGR, but for half a pixel at the image's borders."""
    corners = box.astype(np.float64)
    centre, sides = (corners[:2] + corners[2:]) / 2, corners[2:] - corners[:2]
    return np.concatenate(
        [_region(image, centre, sides * share)[..., ::-1].transpose(2, 0, 1) for share in ENLARGED]
    )


def _region(image: Image, centre: NDArray[np.float64], sides: NDArray[np.float64]) -> Image:
    fine = (RAYS * WIDTH, RAYS * HEIGHT)
    step = sides / np.array(fine)
    first = centre - sides / 2 + step / 2 - 0.5  # the pixel whose middle the first sample meets
    rays = cv2.warpAffine(
        image,
        np.column_stack([np.diag(step), first]).astype(np.float64),
        fine,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(cv2.resize(rays, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
