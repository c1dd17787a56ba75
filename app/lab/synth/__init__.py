"""Drawn New Zealand plates: test sets that anyone can rebuild from a seed, and training material.

    rng = numpy.random.default_rng(7)
    crop, truth = draw_crop(rng, "medium")                  # as a detector hands it to a reader
    crop, truth = draw_crop(rng, 0.8, mix="training")       # severity 0..1; MIXES has the mixes
    photo, truth = overlay(rng, photo, (x1, y1, x2, y2))    # in place of the plate in that box
    photo, truth = draw_photo(rng, photo, box, severity="hard")  # and through a bad camera
    photo, truth = draw_scene(rng)                          # a whole vehicle, drawn from nothing
    plate = draw_plate(rng, draw_spec(rng, "ABC123", "standard"))  # clean, from the front

Pictures are (h, w, 3) uint8 BGR. `truth` is a `LabelledPlate`: text, format, scheme, conditions,
severity and level, rows, angle, box, quad, character height, readable. The same generator state
and arguments give the same pixels. Serials are random strings; none is taken from a list of
vehicles.

On the command line: `python -m app.lab.synth crops|photos|sheet|scene|video`.
"""

from app.lab.synth.crops import draw_crop
from app.lab.synth.photo.camera import degrade
from app.lab.synth.photo.conditions import Conditions, draw_conditions
from app.lab.synth.photo.overlay import draw_photo, overlay
from app.lab.synth.plates.design import PlateSpec
from app.lab.synth.plates.plate import draw_plate
from app.lab.synth.plates.serials import FOREIGN, MIXES, draw_format, draw_serial
from app.lab.synth.plates.spec import draw_spec
from app.lab.synth.scenes.scene import draw_scene
from app.lab.synth.types import Image, LabelledPlate, PlateImage, Severity

__all__ = [
    "FOREIGN",
    "MIXES",
    "Conditions",
    "Image",
    "LabelledPlate",
    "PlateImage",
    "PlateSpec",
    "Severity",
    "degrade",
    "draw_conditions",
    "draw_crop",
    "draw_format",
    "draw_photo",
    "draw_plate",
    "draw_scene",
    "draw_serial",
    "draw_spec",
    "overlay",
]
