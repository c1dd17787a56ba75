"""Plates that the picture's edge cuts."""

from app.nz.formats import MAX_LENGTH
from app.vision.types import Box, Characters

_NEAR_FRAME = 0.004
"""Of the frame's longer side: one and a half pixels of a detector's input, to which its boxes are
true. Nine of ten plates cut on purpose had a box that ended nearer to the edge."""
_NEAR_PLATE = 0.05
"""Of the plate's own size along that axis, however coarse the detector: so much of a plate, at
least, lies between its edge and its characters."""
_SURE = 0.9
"""A character that the edge cuts is seldom read with this confidence."""


def is_cut_by_frame(box: Box, characters: Characters, width: int, height: int) -> bool:
    """Whether a plate goes on beyond a frame of that size.

    Its box ends at the frame's edge, and what was read does not speak against it: on the left and
    right as many characters as a plate can have, the outer one sure; above and below all sure. A
    box that touches both opposite edges fills a picture that somebody cropped to the plate.
    """
    near_x = _tolerance(box.width, max(width, height))
    left, right = box.x1 <= near_x, width - box.x2 <= near_x
    if left != right:
        outer = characters.confidences[0 if left else -1] if characters.confidences else 0.0
        if len(characters.text) < MAX_LENGTH or outer < _SURE:
            return True
    near_y = _tolerance(box.height, max(width, height))
    above, below = box.y1 <= near_y, height - box.y2 <= near_y
    return above != below and min(characters.confidences, default=0.0) < _SURE


def _tolerance(size: int, longer: int) -> float:
    return max(2.0, min(_NEAR_FRAME * longer, _NEAR_PLATE * size))
