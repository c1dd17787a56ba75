"""The detector in training: its loss, its ring of views, its labels."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.training.common.feed import Block
from models.training.common.loop import Parts
from models.training.common.photos import Photo, read_photos
from models.training.common.released import restore_detector
from models.training.common.ring import Ring
from models.training.common.timed import TimedCourse, TimedRun
from models.training.detector.camera import look_again
from models.training.detector.evaluate import OnnxDetector, evaluate
from models.training.detector.export import export
from models.training.detector.relabel import read_findings, revise
from models.training.detector.views import MOST, SIZE, Labels, Sources, draw_block
from models.training.detector.yolo import DetectionLoss, build_network

Batch = dict[str, Any]
SAMPLES = 64  # views on which the statistics of released weights are taken


class DetectorRun(TimedRun[Batch]):
    """The detector in training."""

    watched = "cls"

    def __init__(self, course: TimedCourse, folder: Path, device: torch.device) -> None:
        torch.manual_seed(course.seed)
        super().__init__(course, folder, build_network().to(device), nn.ModuleList(), device)
        self._labelled = DetectionLoss(device)

    def start_from(self, path: Path, sources: Sources) -> None:
        """Take over the weights of an exported file."""
        pictures = np.empty((SAMPLES, SIZE, SIZE, 3), np.uint8)
        known = draw_block(sources, 0, self.course.seed, pictures)
        images, _ = look_again(
            torch.from_numpy(pictures),
            torch.from_numpy(known.boxes),
            torch.from_numpy(known.plates),
            np.random.default_rng(self.course.seed),
        )
        restore_detector(self.network, path, images.to(self.device))
        self.begin_anew()

    def loss(self, batch: Batch) -> tuple[Any, Parts]:
        """That of the labels."""
        rng = np.random.default_rng((self.course.seed, 3, self.draws))
        with torch.no_grad():
            images, boxes = look_again(batch["pictures"], batch["boxes"], batch["plates"], rng)
        # Not on a CPU: few compute with bfloat16, and the others take ten times as long.
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda"):
            heads = self.network(images)
        return self._labelled(heads, boxes)


def ring_of(capacity: int, device: torch.device) -> Ring:
    """An empty ring for views and their labels; 0.44 MB a view."""
    return Ring(
        capacity,
        {
            "pictures": ((SIZE, SIZE, 3), torch.uint8),
            "boxes": ((MOST, 4), torch.float32),
            "plates": ((MOST,), torch.uint8),
        },
        device,
    )


def keep(ring: Ring, block: Block[Labels]) -> int:
    """Add a block to the ring; returns how many views it holds now."""
    ring.add({"pictures": block.pictures, **block.known._asdict()})
    return len(ring)


def labelled_photos(folder: Path, run: Path, teacher: Path | None, workers: int) -> list[Photo]:
    """The photos of an unpacked pack, their labels completed by the teacher where there is one,
    without those whose labels it doubts; what it finds is kept in the folder `run`."""
    photos = read_photos(folder)
    if teacher is None:
        return photos
    make = partial(OnnxDetector, teacher)
    findings = read_findings(run / "findings.json", photos, make, workers)
    kept = [revise(photo, found) for photo, found in zip(photos, findings, strict=True)]
    return [photo for photo in kept if photo is not None]


def measure(average: Any, path: Path, validation: list[Photo], threads: int) -> dict[str, float]:
    """Export the averaged weights and measure them as the service would run them."""
    export(average, path, size=SIZE)
    metrics = evaluate(OnnxDetector(path, threads), validation)
    return {
        "ap50": metrics.ap50,
        "recall": metrics.recall,
        "precision": metrics.precision,
        "false_photos": metrics.false_photos,
    }
