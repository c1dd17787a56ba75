"""Train the plate reader: `python -m models.training.reader --photos DIR --run DIR ...`.

Started again with the same arguments it continues from its checkpoint and draws what it would
have drawn; a larger `--draws` extends a run. `--start-from` begins with the weights of an
exported file instead of random ones (take another `--seed` then, for other crops).
"""

import argparse
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from models.training.common.crops import Reader, agreed, cut, exact
from models.training.common.loop import Course, Run, drawn_ahead, train
from models.training.common.photos import LICENSED_SOURCES, read_photos
from models.training.common.progress import plot
from models.training.common.released import restore_reader
from models.training.common.slots import ALPHABET, GRID, SLOTS, encode
from models.training.drawing.rendered import render_crop
from models.training.reader.evaluate import evaluate
from models.training.reader.export import export
from models.training.reader.mobilevit import PlateReader
from models.training.reader.readings import Reading, Sources, draw_reading, joined, prepare
from models.training.reader.replay import Replay

HELD_OUT_SEED = 10**9  # far from every training seed
REPLAYED_FROM = 20_000  # latest readings to replay from
PLACE_SPREAD = (0.09, 0.035)  # of a character's place, in shares of the height and width
PANELS = {"loss": ("reading", "place"), "validation": ("synthetic", "real")}


@dataclass(frozen=True, slots=True)
class Plan(Course):
    """Hyperparameters."""

    smoothing: float
    replay_share: float
    place_weight: float


@dataclass(frozen=True, slots=True)
class Validation:
    """Crops with known text, by name of the set."""

    sets: dict[str, tuple[list[NDArray[np.uint8]], list[str]]]


_worker: dict[str, Any] = {}  # what the drawing processes hold, set once when they start


def _start(sources: Sources, plan: Plan) -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _worker.update(sources=sources, plan=plan)


def _draw(first: int, count: int) -> Reading:
    plan: Plan = _worker["plan"]
    drawn = [
        draw_reading(_worker["sources"], index, plan.seed) for index in range(first, first + count)
    ]
    return Reading(*(np.stack(part) for part in zip(*drawn, strict=True)))


def batches(plan: Plan, sources: Sources, start: int, workers: int) -> Iterator[Reading]:
    """Stacked readings, new ones drawn ahead by processes, and replayed ones among them."""
    replay = Replay(REPLAYED_FROM)
    old = round(plan.batch * plan.replay_share)
    for step, new in enumerate(_fresh(plan, sources, start, workers), start // plan.batch):
        if len(replay) >= old > 0:
            again = replay.draw(old, np.random.default_rng((plan.seed, 1, step)))
            yield joined(new, again)
        else:
            yield new
        replay.add(new)


def _fresh(plan: Plan, sources: Sources, start: int, workers: int) -> Iterator[Reading]:
    count = plan.batch - round(plan.batch * plan.replay_share)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, context, _start, (sources, plan)) as pool:
        starts = range(start, plan.draws, plan.batch)
        yield from drawn_ahead(pool, partial(_draw, count=count), starts, 4 * workers)


class ReaderRun(Run[Reading]):
    """The reader in training."""

    def __init__(self, plan: Plan, folder: Path, device: torch.device) -> None:
        torch.manual_seed(plan.seed)
        network = PlateReader().to(device, memory_format=torch.channels_last)
        super().__init__(plan, folder, network, nn.ModuleList(), device)
        self.plan = plan

    def start_from(self, path: Path, sources: Sources) -> None:
        """Take over the weights of an exported file."""
        drawn = [draw_reading(sources, index, self.plan.seed).image for index in range(512)]
        pixels = torch.from_numpy(np.stack(drawn))[:, None].float()
        restore_reader(self.network, path, pixels.to(self.device))
        self.begin_anew()

    def loss(self, batch: Reading) -> tuple[Any, dict[str, float]]:
        """Cross-entropy of the characters and of their places."""
        pixels = torch.from_numpy(batch.image)[:, None].to(self.device).float()
        target = torch.from_numpy(batch.classes).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits, scores = self.network(pixels)
        reading = functional.cross_entropy(
            logits.float().reshape(-1, len(ALPHABET)),
            target.reshape(-1),
            label_smoothing=self.plan.smoothing,
        )
        place = place_loss(scores.float(), torch.from_numpy(batch.places).to(self.device))
        parts = {"reading": float(reading.detach()), "place": float(place.detach())}
        return reading + self.plan.place_weight * place, parts


def place_loss(scores: Any, places: Any) -> Any:
    """Cross-entropy between where slots look, `scores` (n, SLOTS, cells of GRID), and where their
    characters are, `places` (n, SLOTS, 2) as shares of the crop, NaN where not known."""
    known = ~places.isnan().any(-1)
    if not known.any():
        return scores.sum() * 0
    x, y = places[known].unbind(-1)
    rows = (torch.arange(GRID[0], device=scores.device) + 0.5) / GRID[0]
    columns = (torch.arange(GRID[1], device=scores.device) + 0.5) / GRID[1]
    down = ((rows[None] - y[:, None]) / PLACE_SPREAD[0]) ** 2
    along = ((columns[None] - x[:, None]) / PLACE_SPREAD[1]) ** 2
    target = (-0.5 * (down[:, :, None] + along[:, None, :])).flatten(1).softmax(-1)
    return -(target * scores[known].log_softmax(-1)).sum(-1).mean()


def measure(average: Any, path: Path, validation: Validation) -> dict[str, float]:
    """Export the averaged weights at their fitted temperature and measure them."""
    temperature = fit_temperature(average, *validation.sets["synthetic"])
    export(average, path, temperature=temperature)
    reader = Reader(path, path.with_suffix(".yaml"))
    exact = {name: evaluate(reader, *crops).exact for name, crops in validation.sets.items()}
    return {"temperature": temperature, **exact}


@torch.no_grad()
def fit_temperature(
    network: Any, crops: Sequence[NDArray[np.uint8]], texts: Sequence[str]
) -> float:
    """The divisor of the logits under which the true characters are most likely (Guo et al.
    2017, arXiv 1706.04599), by search on a grid; `network` in evaluation mode on the CPU."""
    target = torch.from_numpy(np.stack([encode(text) for text in texts]))
    pixels = torch.from_numpy(np.stack([prepare(crop) for crop in crops]))[:, None].float()
    logits = torch.cat([network(chunk)[0] for chunk in pixels.split(64)])
    return min(
        (float(t) for t in np.geomspace(0.4, 2.5, 41)),
        key=lambda t: float(
            functional.cross_entropy((logits / t).reshape(-1, len(ALPHABET)), target.reshape(-1))
        ),
    )


def read_validation(photos: Path, crops: int) -> Validation:
    """Rendered crops of unseen seeds, and the real ones with ground truth (openalpr-eu, -us)."""
    rendered = [render_crop(np.random.default_rng((HELD_OUT_SEED, i))) for i in range(crops)]
    labelled = read_photos(photos, split="test", sources=("openalpr-eu", "openalpr-us"))
    real = [
        (exact(cut(photo, i)), text)
        for photo in labelled
        for i, text in enumerate(photo.texts)
        if text
    ]
    return Validation(
        {
            "synthetic": ([crop.image for crop in rendered], [crop.text for crop in rendered]),
            "real": ([a for a, _ in real], [b for _, b in real]),
        }
    )


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Train the plate reader.")
    parser.add_argument("--photos", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--start-from", type=Path, help="exported ocr.onnx to go on from")
    parser.add_argument(
        "--teacher",
        type=Path,
        nargs=2,
        action="append",
        metavar=("ONNX", "YAML"),
        default=[],
        help="a fast-plate-ocr reader; real crops enter where all given ones agree",
    )
    parser.add_argument("--agreement", type=float, default=0.7, help="least slot probability")
    parser.add_argument("--real-share", type=float, default=0.15)
    parser.add_argument("--photo-share", type=float, default=0.15)
    parser.add_argument("--lettered-share", type=float, default=0.04)
    parser.add_argument("--blank-share", type=float, default=0.04, help="crops without a plate")
    parser.add_argument("--replay-share", type=float, default=0.6)
    parser.add_argument("--place-weight", type=float, default=0.3)
    parser.add_argument("--draws", type=int, default=600_000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--peak-rate", type=float, default=2e-3)
    parser.add_argument("--smoothing", type=float, default=0.02)
    parser.add_argument("--report-every", type=int, default=20_000)
    parser.add_argument("--validation-crops", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261122)
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
    plan = Plan(
        draws=args.draws,
        batch=args.batch,
        seed=args.seed,
        peak_rate=args.peak_rate,
        smoothing=args.smoothing,
        replay_share=args.replay_share,
        place_weight=args.place_weight,
        report_every=args.report_every,
        warmup=4000,
        most=5.0,
        memory=0.999,
    )
    readers = [Reader(model, config) for model, config in args.teacher]
    photos = read_photos(args.photos, split="train", sources=LICENSED_SOURCES)
    real = agreed(photos, readers, least=args.agreement, slots=SLOTS) if readers else []
    sources = Sources(
        real=real,
        photos=photos,
        real_share=args.real_share if real else 0.0,
        photo_share=args.photo_share,
        lettered_share=args.lettered_share,
        blank_share=args.blank_share,
    )
    validation = read_validation(args.photos, args.validation_crops)
    print(f"{len(real)} real crops, {len(validation.sets['real'][1])} for validation", flush=True)
    run = ReaderRun(plan, args.run, torch.device(args.device))
    if args.start_from and not run.draws:
        run.start_from(args.start_from, sources)
    path = args.run / "ocr.onnx"
    drawn = batches(plan, sources, run.draws, args.workers)
    train(run, drawn, lambda average: measure(average, path, validation))
    plot(args.run / "progress.csv", args.run / "progress.png", PANELS)
