"""Pictures of single plates, for people to check a reading with."""

import cv2

from app.vision.types import Box, Frame

QUALITY = 90
_MARGIN = 0.06
"""Added around a plate, as a share of its width: enough to see where it ends."""


def plate_jpeg(frame: Frame, box: Box) -> bytes:
    """The part of a frame around a box, which must be clipped to it, as JPEG."""
    height, width = frame.shape[:2]
    across, down = _MARGIN, _MARGIN * box.aspect
    around = box.enlarged(across, down).clipped(width, height)
    done, data = cv2.imencode(".jpg", around.crop(frame), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done, "an 8-bit picture with pixels can be written"
    return data.tobytes()
