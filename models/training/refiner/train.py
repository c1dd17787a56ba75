"""Train the refiner of a detector and put it into the detector's file:
`python -m models.training.refiner --photos DIR --detector FILE.onnx --run DIR`.

It learns from what the detector finds in views of the training photos, drawn once and kept under
the run's folder. Started again with the same arguments it continues.
"""

import argparse
import copy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from models.training.common.loop import Course, Run, drawn_ahead, train
from models.training.common.progress import plot
from models.training.detector.train import labelled_photos
from models.training.refiner.candidates import Candidates, read_candidates
from models.training.refiner.dcr import Refiner
from models.training.refiner.export import append_refiner, without_refiner
from models.training.refiner.regions import ENLARGED

THRESHOLD = 0.4  # fast-alpr's for plates
BIASES = np.linspace(-2, 12, 141)
HARD = ((0.3, 4.0), (0.15, 2.0), (0.0, 1.0))  # how often boxes of a score and no plate are drawn
BINS = 10  # of widths
MOVED = 0.05  # deviation, in sides of the box
MIRRORED_SHARE = 0.5
LIT_SHARE = 0.5
SMOOTHING = 0.02
PANELS = {"loss": ("loss",), "validation": ("lost", "left"), "bias": ("bias",)}


@dataclass(frozen=True, slots=True)
class Batch:
    """`regions` (n, 6, h, w) uint8, `shapes` (n, 2), `plates` (n,) float32."""

    regions: NDArray[np.uint8]
    shapes: NDArray[np.float32]
    plates: NDArray[np.float32]


class RefinerRun(Run[Batch]):
    """The refiner in training."""

    def __init__(self, course: Course, folder: Path, device: torch.device) -> None:
        torch.manual_seed(course.seed)
        network = Refiner().to(device, memory_format=torch.channels_last)
        super().__init__(course, folder, network, nn.ModuleList(), device)

    def loss(self, batch: Batch) -> tuple[Any, dict[str, float]]:
        """Cross-entropy of being a plate."""
        regions = torch.from_numpy(batch.regions).to(self.device).float() / 255
        shapes = torch.from_numpy(batch.shapes).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network(regions.to(memory_format=torch.channels_last), shapes)
        wanted = torch.from_numpy(batch.plates).to(self.device)
        wanted = wanted * (1 - SMOOTHING) + SMOOTHING / 2
        total = functional.binary_cross_entropy_with_logits(logits.float(), wanted)
        return total, {"loss": float(total.detach())}


def batches(candidates: Candidates, course: Course, start: int) -> Iterator[Batch]:
    """Half of each batch are plates, as wide as the others are, so that width alone says nothing;
    boxes that the detector is sure of come more often among the others. A batch is a pure function
    of the seed and its first draw."""
    plates, others = np.flatnonzero(candidates.plates), np.flatnonzero(~candidates.plates)
    scores = candidates.scores[others]
    often = np.select([scores >= least for least, _ in HARD], [weight for _, weight in HARD])
    often /= often.sum()
    alike = matched(candidates.shapes[plates, 0], candidates.shapes[others, 0], often)

    def draw(first: int) -> Batch:
        rng = np.random.default_rng((course.seed, first))
        half = course.batch // 2
        chosen = np.concatenate(
            [
                rng.choice(plates, half, p=alike),
                rng.choice(others, course.batch - half, p=often),
            ]
        )
        regions = np.stack([varied(candidates.regions[i], rng) for i in chosen])
        wanted = candidates.plates[chosen].astype(np.float32)
        return Batch(regions, candidates.shapes[chosen], wanted)

    with ThreadPoolExecutor(1) as pool:
        yield from drawn_ahead(pool, draw, range(start, course.draws, course.batch), 2)


def matched(
    values: NDArray[np.float32], wanted: NDArray[np.float32], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Chances of `values` under which they spread over BINS intervals as `wanted` do, whose chances
    are `weights`."""
    edges = np.quantile(wanted, np.arange(1, BINS) / BINS)
    have, want = np.digitize(values, edges), np.digitize(wanted, edges)
    shares = np.bincount(want, weights, BINS) / np.maximum(np.bincount(have, minlength=BINS), 1)
    chances = shares[have]
    return np.asarray(chances / chances.sum())


def varied(regions: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The regions around a box moved a little, half of them mirrored, half in another light."""
    moved, scaled = rng.normal(0, MOVED, 2), 1 + rng.normal(0, MOVED, 2)
    seen = np.concatenate(
        [
            _moved(planes, moved / share, 1 + (scaled - 1) / share)
            for planes, share in zip(np.split(regions, len(ENLARGED)), ENLARGED, strict=True)
        ]
    )
    if rng.random() < MIRRORED_SHARE:
        seen = seen[..., ::-1]
    if rng.random() < LIT_SHARE:
        ramp = np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.2)) * 255
        table = ramp * np.exp(rng.normal(0, 0.15)) + rng.normal(0, 10)
        seen = np.clip(table, 0, 255).astype(np.uint8)[seen]
    return seen


def _moved(
    planes: NDArray[np.uint8], moved: NDArray[np.float64], scaled: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """A region moved by shares of its sides and scaled about its middle."""
    sides = np.array([planes.shape[2], planes.shape[1]])
    onto = np.column_stack([np.diag(scaled), sides * ((1 - scaled) / 2 + moved)])
    seen = cv2.warpAffine(
        planes.transpose(1, 2, 0), onto, sides.tolist(), borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(seen.transpose(2, 0, 1), np.uint8)


@torch.no_grad()
def logits_of(network: Any, candidates: Candidates) -> NDArray[np.float32]:
    """The network's logits, in evaluation mode on the CPU."""
    parts = [
        network(
            torch.from_numpy(candidates.regions[i : i + 256]).float() / 255,
            torch.from_numpy(candidates.shapes[i : i + 256]),
        )
        for i in range(0, len(candidates), 256)
    ]
    return np.asarray(torch.cat(parts), np.float32)


def fit_bias(
    logits: NDArray[np.float32], candidates: Candidates, biases: Sequence[float]
) -> dict[str, float]:
    """Which of the biases errs least (Youden 1950): the share of the plates found that fall below
    the threshold, `lost`, plus the share of the other boxes over it that are `left`."""
    sure = candidates.scores >= THRESHOLD
    plates, others = sure & candidates.plates, sure & ~candidates.plates
    fits = []
    for bias in biases:
        kept = candidates.scores / (1 + np.exp(-(logits + bias))) >= THRESHOLD
        lost, left = 1 - float(kept[plates].mean()), float(kept[others].mean())
        fits.append({"bias": bias, "lost": lost, "left": left})
    return min(fits, key=lambda fit: fit["lost"] + fit["left"])


def measure(
    average: Any,
    path: Path,
    detector: onnx.ModelProto,
    validation: Candidates,
    biases: Sequence[float],
) -> dict[str, float]:
    """Fit the bias and write the detector with the averaged weights inside."""
    fitted = fit_bias(logits_of(average, validation), validation, biases)
    onnx.save(append_refiner(detector, copy.deepcopy(average), fitted["bias"]), path)
    return fitted


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Train the refiner of a detector.")
    parser.add_argument("--photos", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--detector", type=Path, required=True, help="exported detector.onnx")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--teacher", type=Path, help="YOLOv9 end2end ONNX file (checks labels)")
    parser.add_argument("--parts", type=int, default=60, help="of 700 views each")
    parser.add_argument("--validation-parts", type=int, default=6)
    parser.add_argument("--bias", type=float, help="of the logits, instead of the fitted one")
    parser.add_argument("--draws", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--peak-rate", type=float, default=2e-3)
    parser.add_argument("--report-every", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261209)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def main() -> None:
    """Entry point."""
    args = parse()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    args.run.mkdir(parents=True, exist_ok=True)
    detector = without_refiner(onnx.load(args.detector))
    found_by = args.run / "unrefined.onnx"
    onnx.save(detector, found_by)

    def candidates(split: str, count: int, seed: int) -> Candidates:
        folder = args.run / split
        folder.mkdir(exist_ok=True)
        photos = labelled_photos(args.photos, split, folder, args.teacher)
        return read_candidates(folder, count, photos, found_by, seed=seed, workers=args.workers)

    course = Course(
        draws=args.draws,
        batch=args.batch,
        seed=args.seed,
        peak_rate=args.peak_rate,
        report_every=args.report_every,
        warmup=50_000,
        most=5.0,
        memory=0.998,
    )
    validation = candidates("val", args.validation_parts, args.seed + 1)
    training = candidates("train", args.parts, args.seed)
    run = RefinerRun(course, args.run, torch.device(args.device))
    drawn = batches(training, course, run.draws)
    biases = BIASES.tolist() if args.bias is None else [args.bias]
    path = args.run / "detector.onnx"
    train(run, drawn, lambda average: measure(average, path, detector, validation, biases))
    plot(args.run / "progress.csv", args.run / "progress.png", PANELS)
