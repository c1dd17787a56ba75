"""Train the plate detector: `python -m models.training.detector --photos DIR --run DIR`.

Started again with the same arguments it continues from its checkpoint and draws what it would
have drawn; a larger `--draws` extends a run. `--start-from` begins with the weights of an
exported file instead of random ones (take another `--seed` then, for other views).
"""

import argparse
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.training.common.loop import Course, Run, drawn_ahead, train
from models.training.common.photos import (
    CLOSE,
    LICENSED_SOURCES,
    Photo,
    read_photos,
    unsqueezed,
    widest_share,
)
from models.training.common.progress import plot
from models.training.common.released import restore_detector
from models.training.detector.augment import draw_view
from models.training.detector.evaluate import OnnxDetector, evaluate
from models.training.detector.export import export
from models.training.detector.relabel import INCOMPLETE, read_findings, revise
from models.training.detector.yolo import (
    STRIDES,
    Answers,
    DetectionLoss,
    Hints,
    Teacher,
    build_network,
    layers_of,
    near_plates,
)
from models.training.drawing.decoys import add_decoys, parts
from models.training.drawing.overlaid import drawn_scenes, exchange_plates

FINAL_SIZE = 384
REPLAYED_FROM = 40  # latest batches to replay from: drawing and asking the teacher cost a third
DISTANT = 0.2  # below it a photo shows whole vehicles
SCENES = 600  # drawn from nothing
PANELS = {
    "loss": ("box", "dfl", "cls", "teacher", "hints"),
    "validation": ("ap50", "recall", "precision"),
}


@dataclass(frozen=True, slots=True)
class Plan(Course):
    """Hyperparameters; sizes in pixels. `early_share` of the run has views of `early_size`."""

    early_size: int
    early_share: float
    replay_share: float
    teacher_weight: float
    hint_weight: float

    def size(self, draws: int) -> int:
        """Side of the views: small for the early share of the run, then the final one."""
        return self.early_size if draws < self.early_share * self.draws else FINAL_SIZE


@dataclass(frozen=True, slots=True)
class Batch:
    """`images` (n, 3, s, s) float32 RGB in [0, 1], boxes in pixels, what the teacher says."""

    images: NDArray[np.float32]
    boxes: list[NDArray[np.float32]]
    answers: Answers | None


def as_input(views: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """The network's input (n, 3, s, s), RGB in [0, 1], of BGR views."""
    stack = np.stack(views)
    images = stack[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    return np.ascontiguousarray(images)


class Views:
    """Batches in order, new ones made two ahead on one thread while the network trains."""

    def __init__(self, photos: list[Photo], plan: Plan, teacher: Teacher | None) -> None:
        self._photos, self._plan, self._teacher = photos, plan, teacher

    def batches(self, start: int) -> Iterator[Batch]:
        """From draw `start` to the plan's last one; at the plan's share an old one again."""
        starts = range(start, self._plan.draws, self._plan.batch)
        draws = [np.random.default_rng((self._plan.seed, 1, first)) for first in starts]
        again = [rng.random() < self._plan.replay_share for rng in draws]
        again[:1] = [False] * len(again[:1])  # nothing to replay yet
        fresh = self._fresh([first for first, old in zip(starts, again, strict=True) if not old])
        made: deque[Batch] = deque(maxlen=REPLAYED_FROM)
        for rng, old in zip(draws, again, strict=True):
            if not old:
                made.append(next(fresh))
            yield made[int(rng.integers(len(made)))] if old else made[-1]

    def _fresh(self, starts: Sequence[int]) -> Iterator[Batch]:
        with ThreadPoolExecutor(1) as pool:
            yield from drawn_ahead(pool, self.make, starts, 2)

    def make(self, first: int) -> Batch:
        """The batch of fresh views that begins with draw `first`."""
        size = self._plan.size(first)
        views = [
            draw_view(self._photos, index, size=size, seed=self._plan.seed)
            for index in range(first, first + self._plan.batch)
        ]
        seen = as_input([view.clean for view in views])  # the teacher sees it as well as it can
        return Batch(
            images=as_input([view.image for view in views]),
            boxes=[view.boxes for view in views],
            answers=self._teacher(seen) if self._teacher else None,
        )


class DetectorRun(Run[Batch]):
    """The detector in training, and the hints beside it."""

    def __init__(self, plan: Plan, folder: Path, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        super().__init__(plan, folder, build_network().to(device), Hints().to(device), device)
        self.plan = plan
        self.labelled = DetectionLoss(plan.teacher_weight, device)

    def loss(self, batch: Batch) -> tuple[Any, dict[str, float]]:
        """That of the labels and, where there is a teacher, of its answers and hints."""
        images = torch.from_numpy(batch.images).to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            layers = layers_of(self.network, images)
            heads = self.network.head(layers[len(STRIDES) :])
        masks = near_plates(batch.boxes, images.shape[2], images.shape[3])
        near = [mask.to(self.device) for mask in masks]
        total, parts = self.labelled(heads, batch.boxes, self._given(batch, "heads"), near)
        if batch.answers is not None:
            with torch.autocast(self.device.type, torch.bfloat16):
                missed = self.helper(layers, self._given(batch, "layers"), near)
            total = total + self.plan.hint_weight * missed
            parts["hints"] = float(missed.detach())
        return total, parts

    def start_from(self, path: Path, photos: list[Photo]) -> None:
        """Take over the weights of an exported file."""
        views = [
            draw_view(photos, index, size=FINAL_SIZE, seed=self.plan.seed).image
            for index in range(64)
        ]
        restore_detector(self.network, path, torch.from_numpy(as_input(views)).to(self.device))
        self.begin_anew()

    @torch.no_grad()
    def fit_hints(self, batches: Sequence[Batch]) -> None:
        """Start the hints where the network as it is explains most of the teacher's layers."""
        self.network.eval()
        students = [
            layers_of(self.network, torch.from_numpy(batch.images).to(self.device))
            for batch in batches
        ]
        self.network.train()
        teachers = [self._given(batch, "layers") for batch in batches]
        self.helper.to("cpu").fit(
            [torch.cat(each).float().cpu() for each in zip(*students, strict=True)],
            [torch.cat(each).float().cpu() for each in zip(*teachers, strict=True)],
        )
        self.helper.to(self.device)

    def _given(self, batch: Batch, part: str) -> list[Any] | None:
        """The teacher's layers or heads on the device; None where there is no teacher."""
        if batch.answers is None:
            return None
        return [torch.from_numpy(each).to(self.device) for each in getattr(batch.answers, part)]


def measure(average: Any, path: Path, validation: list[Photo]) -> dict[str, float]:
    """Export the averaged weights and measure them as the service would run them."""
    export(average, path, size=FINAL_SIZE)
    metrics = evaluate(OnnxDetector(path), validation)
    return {"ap50": metrics.ap50, "recall": metrics.recall, "precision": metrics.precision}


def labelled_photos(folder: Path, split: str, run: Path, teacher: Path | None) -> list[Photo]:
    """The licensed photos of a split, their labels completed by the teacher where there is one,
    without those whose labels it doubts; what it finds is kept in the folder `run`."""
    photos = read_photos(
        folder,
        split=split,
        sources=LICENSED_SOURCES,
        without_additions=LICENSED_SOURCES - INCOMPLETE,
    )
    if teacher is None:
        return photos
    findings = read_findings(run / "findings.json", photos, OnnxDetector(teacher))
    kept = [revise(photo, found) for photo, found in zip(photos, findings, strict=True)]
    return [photo for photo in kept if photo is not None]


def training_photos(photos: list[Photo], seed: int) -> list[Photo]:
    """The photos in about their proportions, those of whole scenes twice; copies of those that
    show more than a plate, with New Zealand's plates, with other countries' and with panels and
    signs; parts of vehicles that nothing hides from view; and vehicles drawn from nothing."""
    photos = [
        unsqueezed(photo, np.random.default_rng((seed, 3, i))) for i, photo in enumerate(photos)
    ]
    vehicles = [photo for photo in photos if widest_share(photo) < CLOSE]
    scenes = [photo for photo in vehicles if widest_share(photo) < DISTANT]
    complete = [photo for photo in vehicles if photo.source not in INCOMPLETE]
    return [
        *photos,
        *scenes,
        *exchange_plates(vehicles, seed, "road"),
        *exchange_plates(scenes, seed + 1, "road"),
        *exchange_plates(vehicles, seed + 2, "foreign"),
        *add_decoys(vehicles, seed),
        *parts(complete, seed),
        *drawn_scenes(SCENES, seed),
    ]


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Train the plate detector.")
    parser.add_argument("--photos", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--start-from", type=Path, help="exported detector.onnx to go on from")
    parser.add_argument("--teacher", type=Path, help="YOLOv9 end2end ONNX file (soft targets)")
    parser.add_argument("--teacher-weight", type=float, default=1.0)
    parser.add_argument("--hint-weight", type=float, default=5.0)
    parser.add_argument("--draws", type=int, default=160_000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--peak-rate", type=float, default=2e-3)
    parser.add_argument("--early-size", type=int, default=256)
    parser.add_argument("--early-share", type=float, default=0.75)
    parser.add_argument("--replay-share", type=float, default=0.4)
    parser.add_argument("--report-every", type=int, default=8_000)
    parser.add_argument("--validation-photos", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def main() -> None:
    """Entry point."""
    args = parse()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    args.run.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        draws=args.draws,
        batch=args.batch,
        seed=args.seed,
        peak_rate=args.peak_rate,
        early_size=args.early_size,
        early_share=args.early_share,
        replay_share=args.replay_share,
        teacher_weight=args.teacher_weight,
        hint_weight=args.hint_weight,
        report_every=args.report_every,
        warmup=2000,
        most=10.0,
        memory=0.998,
    )
    photos = training_photos(
        labelled_photos(args.photos, "train", args.run, args.teacher), args.seed
    )
    validation = read_photos(
        args.photos, split="val", sources=LICENSED_SOURCES, limit=args.validation_photos
    )
    teacher = Teacher(args.teacher) if args.teacher else None
    run = DetectorRun(plan, args.run, torch.device(args.device))
    if args.start_from and not run.draws:
        run.start_from(args.start_from, photos)
    views = Views(photos, plan, teacher)
    if teacher and not run.draws:
        run.fit_hints([views.make(first) for first in range(0, 4 * plan.batch, plan.batch)])
    path = args.run / "detector.onnx"
    train(run, views.batches(run.draws), lambda average: measure(average, path, validation))
    plot(args.run / "progress.csv", args.run / "progress.png", PANELS)
