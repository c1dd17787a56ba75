"""How good the reader in training is, and at which temperature its answers are true."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from models.training.common.crops import RealCrop, exact
from models.training.common.photos import Photo, read_photos
from models.training.common.slots import ALPHABET, encode
from models.training.drawing.rendered import RenderedCrop, render_crop
from models.training.reader.export import export
from models.training.reader.readings import prepare

HELD_OUT_SEED = 10**9  # far from every training seed


@dataclass(frozen=True, slots=True)
class Validation:
    """Crops with known text, by name of the set: `images` (n, 70, 140) uint8."""

    sets: dict[str, tuple[NDArray[np.uint8], list[str]]]


@torch.no_grad()
def measure(
    average: Any, path: Path, validation: Validation, device: torch.device
) -> dict[str, float]:
    """Export the averaged weights at their fitted temperature and measure them."""
    average.to(device)
    logits = {name: logits_of(average, images) for name, (images, _) in validation.sets.items()}
    exact_shares = {
        name: float((logits[name].argmax(-1) == _targets(texts)).all(-1).double().mean())
        for name, (_, texts) in validation.sets.items()
    }
    temperature = fit_temperature(logits["synthetic"], validation.sets["synthetic"][1])
    export(average.to("cpu"), path, temperature=temperature)
    return {"temperature": temperature, **exact_shares}


def logits_of(network: Any, images: NDArray[np.uint8]) -> Any:
    """(n, SLOTS, len(ALPHABET)) on the CPU, of a network in evaluation mode."""
    device = next(network.parameters()).device
    pixels = torch.from_numpy(images)[:, None].float()
    return torch.cat([network(part.to(device))[0].float().cpu() for part in pixels.split(256)])


def fit_temperature(logits: Any, texts: Sequence[str]) -> float:
    """The divisor of the logits under which the true characters are most likely (Guo et al.
    2017, arXiv 1706.04599), by search on a grid."""
    target = _targets(texts).reshape(-1)
    return min(
        (float(t) for t in np.geomspace(0.4, 2.5, 41)),
        key=lambda t: float(
            functional.cross_entropy((logits / t).reshape(-1, len(ALPHABET)), target)
        ),
    )


def _targets(texts: Sequence[str]) -> Any:
    return torch.from_numpy(np.stack([encode(text) for text in texts]))


def read_validation(folder: Path, crops: int, workers: int) -> Validation:
    """Rendered crops of unseen seeds, and labelled ones that are never trained on."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
        rendered = list(pool.map(_held_out, range(crops), chunksize=16))
    real = [crop_of(photo) for photo in read_photos(folder / "validation")]
    return Validation(
        {
            "synthetic": (
                np.stack([prepare(crop.image) for crop in rendered]),
                [crop.text for crop in rendered],
            ),
            "real": (np.stack([prepare(exact(crop)) for crop in real]), [c.text for c in real]),
        }
    )


def _held_out(index: int) -> RenderedCrop:
    cv2.setNumThreads(1)
    return render_crop(np.random.default_rng((HELD_OUT_SEED, index)))


def crop_of(photo: Photo) -> RealCrop:
    """A photo of one plate as a crop."""
    x1, y1, x2, y2 = photo.boxes[0].tolist()
    return RealCrop(photo.image, (x1, y1, x2, y2), photo.texts[0])
