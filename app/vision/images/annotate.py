"""Pictures with what was read drawn on them."""

import cv2

from app.vision.types import Frame, FrameResult, Plate

_GREEN = (36, 255, 12)
_BLACK = (0, 0, 0)
_WHITE = (255, 255, 255)


def annotate(frame: Frame, result: FrameResult) -> Frame:
    """A copy of the frame with each plate's box, text and confidence.

    The frame may be smaller than the picture that the result is of.
    """
    drawn = frame.copy()
    reduction = frame.shape[1] / result.width
    scale = max(0.5, min(frame.shape[:2]) / 900)
    for plate in result.plates:
        box = plate.detection.box.scaled(reduction)
        cv2.rectangle(drawn, (box.x1, box.y1), (box.x2, box.y2), _GREEN, max(1, round(2 * scale)))
        origin = (box.x1, max(box.y1 - round(6 * scale), round(20 * scale)))
        for colour, thickness in ((_BLACK, 4 * scale), (_WHITE, 1.5 * scale)):
            cv2.putText(
                drawn,
                _label(plate),
                origin,
                cv2.FONT_HERSHEY_SIMPLEX,
                0.8 * scale,
                colour,
                max(1, round(thickness)),
                cv2.LINE_AA,
            )
    return drawn


def _label(plate: Plate) -> str:
    corrected = plate.reading.corrected_plate
    shown = plate.characters.text if corrected is None else f"{plate.characters.text}>{corrected}"
    return f"{shown} {plate.characters.confidence:.0%}"
