"""``python -m app.lab.calibration``: measure an OCR, choose the correction threshold, keep both.

Samples are an .npz as ``Samples.save`` writes it. They are split by seed: one part to fit the
calibration, together with all samples of ``--also-fit``, the other to choose the threshold.
Held-out samples are only judged.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from app import arguments as types
from app.config.weights import REPOSITORY
from app.lab.calibration.curve_plot import plot_curve
from app.lab.calibration.fitting import fit_calibration
from app.lab.calibration.outcome import Outcome, outcome
from app.lab.calibration.samples import (
    COST_OF_LOSS,
    LOWEST_THRESHOLD,
    Samples,
    choose_threshold,
    correction_curve,
)
from app.nz.calibration import (
    GENERIC,
    Calibration,
    has_calibration,
    load_calibration,
    save_calibration,
)
from app.nz.decoder import PlateDecoder
from app.nz.formats import format_of

METHOD: Final = (
    "Temperature, then floor and smoothing: maximum likelihood of the true character in each slot "
    "of plates read without a slip, on a grid, each half of the plates judging what was fitted on "
    "the other. Scaling: multinomial logistic regression on the same slots, drawn back to the "
    "temperature. Confusions: substitutions counted on them. Slips: shares of readable plates. "
    "Threshold: gains most, a loss costing {cost} gains and at most {tolerance:.2%} of the right "
    "readings being lost, on plates that nothing was fitted on."
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.samples and not has_calibration(options.ocr):
        parser.error(f"there is no calibration of {options.ocr}")
    try:
        _run(options)
    except (OSError, ValueError, KeyError) as error:  # files that are no samples
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    if options.samples:
        calibration = _calibrate(options)
        kept = save_calibration(calibration, options.calibrations)
        sys.stdout.write(f"{kept}: {_summary(calibration)}\n")
    else:
        calibration = load_calibration(options.ocr)
    if options.held_out:
        sys.stdout.writelines(_report(Samples.load(options.held_out), calibration))


def _calibrate(options: argparse.Namespace) -> Calibration:
    samples = Samples.load(options.samples)
    part, choosing = samples.split(options.fit_share, options.seed)
    fitting = part.joined([Samples.load(path) for path in options.also_fit])
    fitted = fit_calibration(
        fitting,
        replace(
            load_calibration(GENERIC),
            ocr=options.ocr,
            method=METHOD.format(tolerance=options.tolerance, cost=COST_OF_LOSS),
            data=f"{options.data}: {len(fitting)} plates to fit, {len(choosing)} for the threshold",
            measured=datetime.now(tz=UTC).date().isoformat(),
        ),
    )
    decoder = PlateDecoder(
        samples.alphabet, samples.pad_char, threshold=LOWEST_THRESHOLD, calibration=fitted
    )
    curve = correction_curve(choosing, decoder)
    threshold = choose_threshold(curve, tolerance=options.tolerance)
    title = f"Corrections of {options.ocr} on {len(choosing)} plates"
    plot_curve(curve, threshold=threshold, title=title, path=options.plot)
    return replace(fitted, threshold=threshold)


def _summary(calibration: Calibration) -> str:
    slips = calibration.slips
    return (
        f"temperature {calibration.temperature}, floor {calibration.floor}, smoothing "
        f"{calibration.smoothing}, doubled {slips.doubled:.4f}, inserted {slips.inserted:.4f}, "
        f"missed {slips.missed:.4f}, threshold {calibration.threshold:.4f}"
    )


def _report(samples: Samples, calibration: Calibration) -> Iterator[str]:
    decoder = PlateDecoder(
        samples.alphabet,
        samples.pad_char,
        threshold=calibration.threshold,
        calibration=calibration,
    )
    truths = samples.truths.tolist()
    readings, took = zip(*samples.decode_timed(decoder), strict=True)
    formats = np.array([found.name if (found := format_of(truth)) else "-" for truth in truths])
    yield _line("", *_COLUMNS)
    yield _row("all", outcome(truths, readings))
    for labels in (formats, samples.conditions):
        for label in np.unique(labels):
            chosen = np.flatnonzero(labels == label).tolist()
            part = outcome([truths[i] for i in chosen], [readings[i] for i in chosen])
            yield _row(str(label), part)
    middle, slow = np.percentile(took, [50, 95])
    yield f"decoding: {middle:.2f} ms a plate, {slow:.2f} for the slowest 5 %\n"


_COLUMNS: Final = (
    "plates",
    "raw",
    "decoded",
    "top-3",
    "gained",
    "lost",
    "changed",
    "removed",
    "in grammar",
)


def _row(label: str, part: Outcome) -> str:
    return _line(
        label,
        str(part.plates),
        f"{part.raw_right / part.plates:.1%}",
        f"{part.decoded_right / part.plates:.1%}",
        f"{part.top3 / part.plates:.1%}",
        str(part.gained),
        f"{part.lost} ({part.wrong_corrections:.2%})",
        str(part.changed),
        f"{part.errors_removed:.1%}",
        str(part.within_grammar),
    )


def _line(label: str, *cells: str) -> str:
    return f"{label:<28}" + "".join(f"{cell:>12}" for cell in cells) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.lab.calibration", description=__doc__)
    parser.add_argument("samples", type=Path, nargs="?", help=".npz to fit and choose on")
    parser.add_argument("--ocr", required=True, help="name of the OCR that the samples come from")
    parser.add_argument("--data", default="samples", help="what the samples are, for the record")
    parser.add_argument(
        "--also-fit", type=Path, action="append", default=[], help="more .npz, to fit on only"
    )
    parser.add_argument("--held-out", type=Path, help=".npz to judge the calibration on")
    parser.add_argument(
        "--seed", type=types.natural, default=0, help="of the split (default: %(default)s)"
    )
    parser.add_argument("--fit-share", type=types.share, default=0.5)
    parser.add_argument(
        "--tolerance",
        type=types.share,
        default=0.001,
        help="share of right readings that corrections may turn wrong (default: %(default)s)",
    )
    parser.add_argument(
        "--calibrations", type=Path, default=REPOSITORY / "app" / "nz" / "calibrations"
    )
    parser.add_argument("--plot", type=Path, default=Path("docs/correction_curve.png"))
    return parser
