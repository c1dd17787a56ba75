"""What goes into a reader and what comes out: one grey crop, a character or padding a slot."""

import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 70, 140
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
PAD = ALPHABET.index("_")
SLOTS = 9
GRID = (9, 18)  # rows and columns of the map in which a slot looks for its character


def encode(text: str) -> NDArray[np.int64]:
    """Class of each slot; PAD after the end. Raises ValueError for a text that does not fit."""
    if len(text) > SLOTS:
        raise ValueError(f"{len(text)} characters do not fit {SLOTS} slots")
    classes = np.full(SLOTS, PAD, np.int64)
    classes[: len(text)] = [ALPHABET.index(character) for character in text]
    return classes


def plate_config() -> str:
    """The fast-plate-ocr config of such a reader."""
    return (
        "# fast-plate-ocr config of the project's own reader.\n"
        f"max_plate_slots: {SLOTS}\n"
        f"alphabet: '{ALPHABET}'\n"
        f"pad_char: '{ALPHABET[PAD]}'\n"
        f"img_height: {HEIGHT}\n"
        f"img_width: {WIDTH}\n"
        "keep_aspect_ratio: false\n"
        "interpolation: cubic\n"
        "image_color_mode: grayscale\n"
    )
