"""Where the corners of a plate fall in the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.lab.synth.types import Character, Quad

Homography = NDArray[np.float64]


def pose_quad(
    width: float, height: float, *, yaw: float, pitch: float, roll: float, distance: float
) -> Quad:
    """Corners of a plate turned in space and seen from `distance` times its width, about 0, 0.

    Angles in degrees; the unit is that of width and height, kept at the middle of the plate.
    """
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    half = np.array([width, height]) / 2
    flat = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    corners = np.c_[flat, np.zeros(4)] @ (about_z @ about_x @ about_y).T
    away = distance * width
    return np.asarray(corners[:, :2] * (away / (away + corners[:, 2:])), np.float32)


def homography(source: Quad, target: Quad) -> Homography:
    return np.asarray(cv2.getPerspectiveTransform(source, target), np.float64)


def moved(matrix: Homography, *, dx: float = 0.0, dy: float = 0.0, zoom: float = 1.0) -> Homography:
    """The mapping followed by a shift and then an enlargement of pixel areas."""
    shift = np.array([[zoom, 0, zoom * dx], [0, zoom, zoom * dy], [0, 0, 1.0]])
    return shift @ matrix


def transform(matrix: Homography, points: Quad) -> Quad:
    found = cv2.perspectiveTransform(points.reshape(-1, 1, 2), matrix)
    return np.asarray(found, np.float32).reshape(-1, 2)


def bounds(quad: Quad) -> tuple[float, float, float, float]:
    (x1, y1), (x2, y2) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
    return x1, y1, x2, y2


def character_quad(character: Character) -> Quad:
    c = character
    return np.array([[c.x1, c.y1], [c.x2, c.y1], [c.x2, c.y2], [c.x1, c.y2]], np.float32)
