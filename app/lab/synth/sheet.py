"""A contact sheet: many drawn crops in one picture, to look at."""

import cv2
import numpy as np

from app.lab.synth.types import Image, LabelledPlate

_CELL = (250, 112)
_LINE = 18


def contact_sheet(crops: list[tuple[Image, LabelledPlate]], *, columns: int = 6) -> Image:
    """All crops, enlarged to cells, with text and conditions; red where not readable."""
    rows = -(-len(crops) // columns)
    width, height = _CELL
    sheet = np.full((rows * height, columns * width, 3), 60, np.uint8)
    for index, (crop, truth) in enumerate(crops):
        row, column = divmod(index, columns)
        x, y = column * width, row * height
        zoom = min((width - 6) / crop.shape[1], (height - _LINE - 4) / crop.shape[0])
        shown = cv2.resize(crop, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
        sheet[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
        caption = f"{truth.text} {crop.shape[1]}px {' '.join(truth.conditions)}"[:40]
        colour = (0, 255, 255) if truth.readable else (80, 80, 255)
        cv2.putText(
            sheet,
            caption,
            (x + 2, y + height - 6),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.38,
            colour,
            1,
            cv2.LINE_AA,
        )
    return sheet
