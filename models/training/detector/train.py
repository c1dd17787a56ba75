"""Train the plate detector: `python -m models.training.detector --pack DIR --run DIR ...`.

`--pack` is a folder of `python -m models.training.detector.pack`. Processes draw views as fast as
they can into a ring on the device; each step shows a batch of them through another camera
(`camera.py`).

The course is measured in seconds: `--seconds` of training in all, `--call-seconds` in this call.
Started again with the same arguments it goes on from its checkpoint with views that it has not
drawn before. `--out` gets the checkpoint in small parts, the exported detector and the table at
each report, `--resume` takes such parts. SIGTERM saves and ends. `--start-from` begins with the
weights of an exported file instead of random ones.
"""

import argparse
from functools import partial
from pathlib import Path

import cv2
import torch

from models.training.common.checkpoint import drawn_before, hand_out, join_parts
from models.training.common.feed import Feed
from models.training.common.loop import train
from models.training.common.packing import unpack
from models.training.common.photos import read_photos
from models.training.common.progress import plot
from models.training.common.timed import TimedCourse, timed_batches
from models.training.detector.run import DetectorRun, keep, labelled_photos, measure, ring_of
from models.training.detector.views import BLOCK, SIZE, Sources, draw_block
from models.training.drawing.overlaid import drawn_scenes

PANELS = {
    "loss": ("box", "dfl", "cls"),
    "validation": ("ap50", "recall", "precision"),
}


def parse() -> argparse.Namespace:
    """Command-line arguments."""
    parser = argparse.ArgumentParser(description="Train the plate detector.")
    parser.add_argument("--pack", type=Path, required=True, help="folder with part-0.tar and on")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--out", type=Path, help="folder for small copies of the results")
    parser.add_argument("--resume", type=Path, help="folder with checkpoint-0.part and on")
    parser.add_argument("--start-from", type=Path, help="exported detector.onnx to go on from")
    parser.add_argument("--teacher", type=Path, help="end2end ONNX file that revises the labels")
    parser.add_argument("--scenes", type=int, default=300, help="vehicles drawn from nothing")
    parser.add_argument("--seconds", type=float, default=1000, help="of training, all calls")
    parser.add_argument("--call-seconds", type=float, default=1e9, help="of training, this call")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--peak-rate", type=float, default=2e-3)
    parser.add_argument("--warmup", type=float, default=30, help="seconds")
    parser.add_argument("--capacity", type=int, default=60_000, help="views in the ring")
    parser.add_argument("--least", type=int, default=8192, help="views drawn before the first step")
    parser.add_argument("--ahead", type=int, default=4, help="blocks of views a process")
    parser.add_argument("--report-every", type=int, default=500_000, help="views shown")
    parser.add_argument("--validation-photos", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261215)
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
    course = TimedCourse(
        draws=0,
        batch=args.batch,
        seed=args.seed,
        peak_rate=args.peak_rate,
        report_every=args.report_every,
        warmup=args.warmup,
        most=10.0,
        memory=0.999,
        seconds=args.seconds,
        call_seconds=args.call_seconds,
        capacity=args.capacity,
        least=args.least,
    )
    unpacked = args.run / "pack"
    if not unpacked.exists():
        unpack(args.pack, unpacked)
    photos = labelled_photos(unpacked / "photos", args.run, args.teacher, args.workers)
    sources = Sources(photos, drawn_scenes(args.scenes, args.seed, args.workers))
    validation = read_photos(unpacked / "validation", limit=args.validation_photos)
    checkpoint = args.run / "checkpoint.pt"
    if args.resume and not checkpoint.exists():
        join_parts(args.resume, checkpoint)
    drawn = drawn_before(checkpoint)
    print(f"{len(photos)} photos, {drawn} views drawn before", flush=True)
    with Feed(
        draw_block,
        sources,
        seed=args.seed,
        first=drawn,
        workers=args.workers,
        block=BLOCK,
        shape=(SIZE, SIZE, 3),
        ahead=args.ahead,
    ) as feed:
        device = torch.device(args.device)
        run, ring = DetectorRun(course, args.run, device), ring_of(args.capacity, device)
        if device.type == "cuda":
            feed.pin()
        if args.start_from and not run.draws:
            run.start_from(args.start_from, sources)
        path = args.run / "detector.onnx"

        def handed_out() -> None:
            if args.out:
                hand_out(run, args.out, ("detector.onnx", "progress.csv"))

        train(
            run,
            timed_batches(run, feed, partial(keep, ring), ring.draw),
            lambda average: {
                **measure(average, path, validation, args.workers),
                "drawn": run.drawn,
                "spent": run.spent,
            },
            handed_out,
        )
    if (args.run / "progress.csv").exists():  # not where no time was left
        plot(args.run / "progress.csv", args.run / "progress.png", PANELS)


if __name__ == "__main__":
    main()
