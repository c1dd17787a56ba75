"""Contrast and noise treatment for pictures the networks cannot read as they are."""

from typing import Literal

import cv2
import numpy as np

from app.vision.types import Frame

EnhanceMode = Literal["off", "auto", "always"]

_CLIP_LIMIT = 2.0
_TILES = (8, 8)
_DENOISE_DIAMETER = 5
_DENOISE_COLOUR_SIGMA = 30.0
_DENOISE_SPACE_SIGMA = 3.0


def enhance(image: Frame) -> Frame:
    """Denoise along edges, then equalise the local contrast of the luminance.

    Bilateral filter (Tomasi and Manduchi 1998) and CLAHE (Zuiderveld 1994). Works on a frame and on
    a crop; takes and gives (height, width, 3) uint8 BGR.
    """
    smooth = cv2.bilateralFilter(
        image, _DENOISE_DIAMETER, _DENOISE_COLOUR_SIGMA, _DENOISE_SPACE_SIGMA
    )
    lab = cv2.cvtColor(smooth, cv2.COLOR_BGR2LAB)
    clahe = cv2.createCLAHE(clipLimit=_CLIP_LIMIT, tileGridSize=_TILES)
    lab[:, :, 0] = clahe.apply(lab[:, :, 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2BGR).astype(np.uint8, copy=False)
