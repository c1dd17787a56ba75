"""Skeletons of the plate letters and their outlines: the typeface that New Zealand plates need.

No free font draws these letters: monoline, all equally wide, as stamped by a die. A skeleton is a
few polylines on the unit square, y downwards; `r` after a point rounds the corner there, a final
`z` closes the line. The pen is laid along the skeleton, so that one set of skeletons gives every
width and weight.
"""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_OVAL: Final = "0,0r 1,0r 1,1r 0,1r z"

SKELETONS: Final[Mapping[str, str]] = {
    "A": "0,1 .46,0 .54,0 1,1; .17,.68 .83,.68",
    "B": "0,.48 0,0 .93,0r .93,.48r z; 0,1 0,.48 1,.48r 1,1r z",
    "C": "1,.3 1,0r 0,0r 0,1r 1,1r 1,.7",
    "D": "0,0 1,0r 1,1r 0,1 z",
    "E": "1,0 0,0 0,1 1,1; 0,.48 .88,.48",
    "F": "1,0 0,0 0,1; 0,.48 .85,.48",
    "G": "1,.28 1,0r 0,0r 0,1r 1,1r 1,.53 .52,.53",
    "H": "0,0 0,1; 1,0 1,1; 0,.48 1,.48",
    "I": ".5,0 .5,1",
    "J": "1,0 1,1r 0,1r 0,.68",
    "K": "0,0 0,1; 1,0 0,.66; .3,.44 1,1",
    "L": "0,0 0,1 1,1",
    "M": "0,1 0,0 .5,.62 1,0 1,1",
    "N": "0,1 0,0 1,1 1,0",
    "O": _OVAL,
    "P": "0,1 0,0 1,0r 1,.54r 0,.54",
    "Q": f"{_OVAL}; .5,.64 1.06,1.04",
    "R": "0,1 0,0 1,0r 1,.52r 0,.52; .5,.52 1,1",
    "S": "1,.27 1,0r 0,0r 0,.47r 1,.47r 1,1r 0,1r 0,.73",
    "T": "0,0 1,0; .5,0 .5,1",
    "U": "0,0 0,1r 1,1r 1,0",
    "V": "0,0 .46,1 .54,1 1,0",
    "W": "0,0 .2,1 .26,1 .5,.3 .74,1 .8,1 1,0",
    "X": "0,0 1,1; 1,0 0,1",
    "Y": "0,0 .5,.5 1,0; .5,.5 .5,1",
    "Z": "0,0 1,0 0,1 1,1",
    "0": _OVAL,
    "1": ".18,.2 .6,0 .6,1",
    "2": "0,.3 0,0r 1,0r 1,.44r 0,.97 0,1 1,1",
    "3": "0,.26 0,0r 1,0r 1,.46r .35,.46; .35,.46 1,.46r 1,1r 0,1r 0,.74",
    "4": ".74,1 .74,0 .66,0 0,.73 1,.73",
    "5": ".95,0 .06,0 .03,.46; .03,.46 .2,.38r 1,.38r 1,1r 0,1r 0,.76",
    "6": "1,.27 1,0r 0,0r 0,1r 1,1r 1,.42r 0,.42r 0,.72",
    "7": "0,0 1,0 .34,1",
    "8": ".04,0r .96,0r .96,.46r .04,.46r z; 0,.46r 1,.46r 1,1r 0,1r z",
    "9": "0,.73 0,1r 1,1r 1,0r 0,0r 0,.58r 1,.58r 1,.28",
}
ROUND_FORMS: Final[Mapping[str, str]] = {
    "6": ".8,0 .3,.2r 0,.5r 0,1r 1,1r 1,.38r 0,.38r 0,.7",
    "9": ".2,1 .7,.8r 1,.5r 1,0r 0,0r 0,.62r 1,.62r 1,.3",
}
"""Open digits of plates until 2006, as on road signs."""
SERIFED_FORMS: Final[Mapping[str, str]] = {
    "1": ".12,.22 .55,0 .55,1; .06,1 1,1",
    "J": ".4,0 1,0 1,1r 0,1r 0,.68",
    "I": ".5,0 .5,1; .15,0 .85,0; .15,1 .85,1",
}
"""The partly serifed forms of plates since 2006."""
SLASHES: Final[Mapping[str, str]] = {
    "inside": ".0,.86 1.0,.14",
    "through": "-.08,1.02 1.08,-.02",
}

Points = NDArray[np.float64]


def draw_outline(
    skeleton: str,
    *,
    width: float,
    height: int,
    pen: float,
    roundness: float,
    oval: float,
    slash: str = "",
) -> NDArray[np.uint8]:
    """Mask (height, w) uint8 of a skeleton in a box of `width` times `height` pixels.

    `pen` is the stroke in pixels, `roundness` 1 for corners as round as they can be, less for
    squarer ones; `oval` the share of the height that they take at least, up to 1 for an ellipse.
    A `slash` may reach out of the box, nothing else does.
    """
    finer = 4
    margin = int(np.ceil(pen))
    canvas = np.zeros((height * finer, round((width + 2 * margin) * finer)), np.uint8)
    inset = np.array([margin + pen / 2, pen / 2])
    extent = np.array([width - pen, height - pen])
    across = roundness * extent[0] / 2
    radius = np.array([across, max(across, oval * extent[1] / 2)])
    for part, bounded in ((skeleton, True), (slash, False)):
        for line in part.split(";") if part else ():
            points, rounded, closed = _parse(line)
            path = _round_corners(inset + points * extent, rounded, closed, radius)
            _lay_pen(canvas, path * finer, closed, pen * finer)
        if bounded:
            canvas[:, : margin * finer] = 0
            canvas[:, round((margin + width) * finer) :] = 0
    small = cv2.resize(canvas, None, fx=1 / finer, fy=1 / finer, interpolation=cv2.INTER_AREA)
    columns = np.flatnonzero(small.max(axis=0) > 16)
    return np.ascontiguousarray(small[:, columns[0] : columns[-1] + 1], np.uint8)


def _parse(line: str) -> tuple[Points, list[bool], bool]:
    words = line.split()
    closed = words[-1] == "z"
    words = words[:-1] if closed else words
    points = np.array([[float(v) for v in word.rstrip("r").split(",")] for word in words])
    return points, [word.endswith("r") for word in words], closed


def _round_corners(points: Points, rounded: list[bool], closed: bool, radius: Points) -> Points:
    """Replace the marked corners by cubic arcs that start at most `radius` (x, y) before them."""
    count = len(points)
    path: list[Points] = []
    for i, corner in enumerate(points):
        if not rounded[i] or (not closed and i in {0, count - 1}):
            path.append(corner[None])
            continue
        before, after = points[i - 1] - corner, points[(i + 1) % count] - corner
        ends = []
        for side, neighbour in ((before, i - 1), (after, (i + 1) % count)):
            length = float(np.linalg.norm(side))
            shared = 0.5 if rounded[neighbour] else 1.0
            unit = side / length
            ends.append(corner + unit * min(float(np.abs(unit) @ radius), shared * length))
        t = np.linspace(0, 1, 13)[:, None]
        pull = 0.5523
        first = ends[0] + (corner - ends[0]) * pull
        second = ends[1] + (corner - ends[1]) * pull
        path.append(
            (1 - t) ** 3 * ends[0]
            + 3 * (1 - t) ** 2 * t * first
            + 3 * (1 - t) * t**2 * second
            + t**3 * ends[1]
        )
    joined = np.concatenate(path)
    keep = np.r_[True, np.linalg.norm(np.diff(joined, axis=0), axis=1) > 1e-6]
    return joined[keep]


def _lay_pen(canvas: NDArray[np.uint8], path: Points, closed: bool, pen: float) -> None:
    """Fill the stroke along a path: one quad a segment, a mitre where two segments meet."""
    if closed:
        path = np.concatenate([path, path[:1]])
        path = path[np.r_[True, np.linalg.norm(np.diff(path, axis=0), axis=1) > 1e-6]]
    else:
        path = _run_out(canvas.shape[0], path, pen)
    steps = np.diff(path, axis=0)
    units = steps / np.linalg.norm(steps, axis=1)[:, None]
    sides = np.stack([-units[:, 1], units[:, 0]], axis=1) * pen / 2
    for i, side in enumerate(sides):
        _fill(
            canvas,
            np.array([path[i] + side, path[i + 1] + side, path[i + 1] - side, path[i] - side]),
        )
        if i + 1 == len(sides) and not closed:
            continue
        corner, following = path[i + 1], sides[(i + 1) % len(sides)]
        turn = side[0] * following[1] - side[1] * following[0]
        outer = -np.sign(turn) or 1.0
        bisector = side + following
        length = float(np.linalg.norm(bisector))
        if length < 1e-6:
            continue
        # |side| / cos(turn / 2) reaches the tip; sharper corners than 60 degrees are cut there.
        reach = min((pen / 2) ** 2 / (length / 2), pen)
        tip = corner + outer * bisector / length * reach
        _fill(canvas, np.array([corner, corner + outer * side, tip, corner + outer * following]))


def _fill(canvas: NDArray[np.uint8], polygon: Points) -> None:
    cv2.fillConvexPoly(canvas, np.round(polygon * 16).astype(np.int32), 255, cv2.LINE_AA, 4)


def _run_out(height: int, path: Points, pen: float) -> Points:
    """Draw free ends near the top or the bottom on past it, so that they are cut level there."""
    path = path.copy()
    for end, neighbour in ((0, 1), (-1, -2)):
        unit = path[end] - path[neighbour]
        unit /= np.linalg.norm(unit)
        if min(path[end][1], height - path[end][1]) < 0.75 * pen:
            path[end] += unit * pen * (1.0 if abs(unit[1]) > 0.2 else 0.5)
    return path
