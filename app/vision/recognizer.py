"""Plate OCR: crops to characters."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import yaml
from fast_alpr.base import BaseOCR, OcrResult
from fast_plate_ocr.core.process import resize_image
from fast_plate_ocr.inference.config import PlateConfig
from numpy.typing import NDArray
from pydantic import ValidationError

from app.errors import InferenceError, ModelCorrupt
from app.vision.backends.sessions import Session
from app.vision.types import Characters, Frame, Region

MAX_BATCH = 16


def load_plate_config(path: Path) -> PlateConfig:
    """The plate config of fast-plate-ocr beside a network. Raises ModelCorrupt."""
    try:
        return PlateConfig.from_yaml(path)
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise ModelCorrupt(f"{path.name} is not a plate config: {error}") from error


class PlateRecognizer(BaseOCR):
    """A network of fast-plate-ocr's format: one distribution over the alphabet for each slot.

    Unlike fast-alpr's own wrapper it reads all crops of a frame in one run and keeps the whole
    distributions, from which the decoder works; texts are the same without padding inside them.
    """

    def __init__(
        self, session: Session, config: PlateConfig, *, full_batches: bool = False
    ) -> None:
        """Load nothing, but look at the network.

        Args:
            full_batches: fill every run up to `MAX_BATCH` crops, for a device that prepares anew
                for each number of them.
        """
        outputs = [output.name for output in session.get_outputs()]
        self.session = session
        self.config = config
        self.alphabet: str = config.alphabet
        self.pad_char: str = config.pad_char
        self._input = session.get_inputs()[0].name
        self._plate_output = "plate" if "plate" in outputs else outputs[0]
        self._regions = tuple(config.plate_regions or ()) if "region" in outputs else ()
        fixed_batch = session.get_inputs()[0].shape[0]
        self._full = full_batches
        self._batch = fixed_batch if isinstance(fixed_batch, int) else MAX_BATCH

    def predict(self, cropped_plate: Frame) -> OcrResult | None:
        """One crop in the types of fast-alpr."""
        characters = self.read([cropped_plate])[0]
        region = characters.region
        return OcrResult(
            text=characters.text,
            confidence=list(characters.confidences),
            region=region.name if region else None,
            region_confidence=region.confidence if region else None,
        )

    def read(self, crops: Sequence[Frame]) -> list[Characters]:
        """Read crops, each (height, width, 3) uint8 BGR with at least one pixel.

        Raises:
            InferenceError: the network failed.
        """
        images = [self.to_input(crop) for crop in crops]
        read: list[Characters] = []
        for start in range(0, len(images), self._batch):
            read.extend(self._read_batch(np.stack(images[start : start + self._batch])))
        return read

    def to_input(self, crop: Frame) -> NDArray[np.uint8]:
        """What the network gets for a crop: (height, width, channels) of its plate config."""
        config = self.config
        grey = config.image_color_mode == "grayscale"
        colours = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY if grey else cv2.COLOR_BGR2RGB)
        resized: NDArray[np.uint8] = resize_image(
            colours,
            config.img_height,
            config.img_width,
            image_color_mode=config.image_color_mode,
            keep_aspect_ratio=config.keep_aspect_ratio,
            interpolation_method=config.interpolation,
            padding_color=config.padding_color,
        )
        return resized

    def _read_batch(self, batch: NDArray[np.uint8]) -> list[Characters]:
        count = len(batch)
        if self._full:
            empty = np.zeros((self._batch - count, *batch.shape[1:]), batch.dtype)
            batch = np.concatenate([batch, empty])
        names = [self._plate_output, "region"] if self._regions else [self._plate_output]
        try:
            plates, *regions = self.session.run(names, {self._input: batch})
        except Exception as error:  # the binding raises bare subclasses of it
            raise InferenceError("The OCR failed.") from error
        slots = plates.reshape(len(batch), self.config.max_plate_slots, len(self.alphabet))
        found = [self._region(scores) for scores in regions[0]] if regions else [None] * len(batch)
        return [
            self._characters(probabilities, region)
            for probabilities, region in zip(slots[:count], found[:count], strict=True)
        ]

    def _characters(self, slots: NDArray[np.float32], region: Region | None) -> Characters:
        best = slots.argmax(axis=1)
        likeliest = "".join(self.alphabet[index] for index in best).rstrip(self.pad_char)
        read = [slot for slot, character in enumerate(likeliest) if character != self.pad_char]
        return Characters(
            "".join(likeliest[slot] for slot in read),
            tuple(float(slots[slot, best[slot]]) for slot in read),
            slots,
            region,
            gap=len(read) < len(likeliest),
        )

    def _region(self, scores: NDArray[np.float32]) -> Region:
        best = int(scores.argmax())
        return Region(self._regions[best], float(scores[best]))
