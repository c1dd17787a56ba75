"""Train the plate reader: `python -m models.training.reader --pack DIR --run DIR ...`.

`--pack` is a folder of `python -m models.training.reader.pack`. Processes draw crops as fast as
they can into a ring on the device; each step shows a batch of them through another camera
(`camera.py`). So the faster the device is against the processors, the more often a crop is shown.

The course is measured in seconds, since a device is lent for a time: `--seconds` of training in
all, `--call-seconds` in this call. Started again with the same arguments it goes on from its
checkpoint with crops that it has not drawn before. `--out` gets the checkpoint in small parts, the
exported reader and the table at each report, `--resume` takes such parts. SIGTERM saves and ends.
`--start-from` begins with the weights of an exported file instead of random ones.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import torch

from models.training.common.checkpoint import drawn_before, hand_out, join_parts
from models.training.common.feed import Block, Feed
from models.training.common.loop import train
from models.training.common.packing import unpack
from models.training.common.photos import read_photos
from models.training.common.progress import plot
from models.training.common.slots import HEIGHT, WIDTH
from models.training.common.timed import timed_batches
from models.training.reader.measure import crop_of, measure, read_validation
from models.training.reader.readings import Known, Sources, draw_block
from models.training.reader.run import Plan, ReaderRun
from models.training.reader.views.ring import Crops

BLOCK = 64  # crops drawn at once
AHEAD = 30  # blocks a process may be ahead
PANELS = {"loss": ("reading", "place"), "validation": ("synthetic", "real")}


def read_sources(folder: Path, shares: Mapping[str, float]) -> Sources:
    """What crops are drawn of, from an unpacked folder of `pack.py`."""
    real = [crop_of(photo) for photo in read_photos(folder / "real")]
    near, plain = read_photos(folder / "near"), read_photos(folder / "plain")
    return Sources(real=real, photos=near, plain=plain, **shares)


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Train the plate reader.")
    parser.add_argument("--pack", type=Path, required=True, help="folder with part-0.tar and on")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--out", type=Path, help="folder for small copies of the results")
    parser.add_argument("--resume", type=Path, help="folder with checkpoint-0.part and on")
    parser.add_argument("--start-from", type=Path, help="exported ocr.onnx to go on from")
    parser.add_argument("--seconds", type=float, default=1080, help="of training, all calls")
    parser.add_argument("--call-seconds", type=float, default=1e9, help="of training, this call")
    parser.add_argument("--real-share", type=float, default=0.2)
    parser.add_argument("--photo-share", type=float, default=0.12)
    parser.add_argument("--lettered-share", type=float, default=0.03)
    parser.add_argument("--blank-share", type=float, default=0.03, help="crops without a plate")
    parser.add_argument("--place-weight", type=float, default=0.3)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--peak-rate", type=float, default=3e-3)
    parser.add_argument("--warmup", type=float, default=20, help="seconds")
    parser.add_argument("--smoothing", type=float, default=0.02)
    parser.add_argument("--capacity", type=int, default=1_500_000, help="crops in the ring")
    parser.add_argument("--least", type=int, default=8192, help="crops drawn before the first step")
    parser.add_argument("--report-every", type=int, default=1_500_000, help="crops shown")
    parser.add_argument("--validation-crops", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261210)
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
        draws=0,
        batch=args.batch,
        seed=args.seed,
        peak_rate=args.peak_rate,
        report_every=args.report_every,
        warmup=args.warmup,
        most=5.0,
        memory=0.999,
        seconds=args.seconds,
        call_seconds=args.call_seconds,
        smoothing=args.smoothing,
        place_weight=args.place_weight,
        capacity=args.capacity,
        least=args.least,
    )
    unpacked = args.run / "pack"
    if not unpacked.exists():
        unpack(args.pack, unpacked)
    kinds = ("real", "photo", "lettered", "blank")
    shares = {f"{kind}_share": getattr(args, f"{kind}_share") for kind in kinds}
    sources = read_sources(unpacked, shares)
    validation = read_validation(unpacked, args.validation_crops, args.workers)
    checkpoint = args.run / "checkpoint.pt"
    if args.resume and not checkpoint.exists():
        join_parts(args.resume, checkpoint)
    drawn = drawn_before(checkpoint)
    print(f"{len(sources.real)} real crops, {drawn} crops drawn before", flush=True)
    with Feed(
        draw_block,
        sources,
        seed=plan.seed,
        first=drawn,
        workers=args.workers,
        block=BLOCK,
        shape=(HEIGHT, WIDTH),
        ahead=AHEAD,
    ) as feed:
        device = torch.device(args.device)
        run, kept = ReaderRun(plan, args.run, device), Crops(plan.capacity, device)
        if args.start_from and not run.draws:
            run.start_from(args.start_from, sources)

        def keep(block: Block[Known]) -> int:
            return kept.add(block.pictures, block.known)

        def report(average: Any) -> dict[str, float]:
            figures = measure(average, args.run / "ocr.onnx", validation, device)
            return {**figures, "drawn": run.drawn, "spent": run.spent}

        def handed_out() -> None:
            if args.out:
                hand_out(run, args.out, ("ocr.onnx", "ocr.yaml", "progress.csv"))

        train(run, timed_batches(run, feed, keep, kept.draw), report, handed_out)
    if (args.run / "progress.csv").exists():  # not where no time was left
        plot(args.run / "progress.csv", args.run / "progress.png", PANELS)


if __name__ == "__main__":
    main()
