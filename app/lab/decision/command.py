"""``python -m app.lab.decision``: fit what makes a box a plate, and say how well it judges.

The files are those of ``evaluate --min-confidence 0 --json`` with one pair of networks. Photos, not
boxes, are split: each fifth of them is judged by a fit on the others; the file is fitted on all.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app import arguments as types
from app.errors import AlprError
from app.lab.decision.fitting import fit_logistic, log_loss
from app.lab.decision.samples import Boxes, boxes_of
from app.lab.evaluation.results import load_evaluation
from app.vision.decision import NAMES, PlateDecision, Weighing, Witnesses

METHOD: Final = (
    "Logistic regressions of whether a box found shows a plate, and whether its text is right, on "
    "its witnesses: no weight below 0, a ridge of {pull} on standardised ones, photos with and "
    "without a plate counting the same in all."
)
FOLDS: Final = 5
_DIGITS: Final = 4


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (AlprError, OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.lab.decision", description=__doc__)
    parser.add_argument("evaluations", type=Path, nargs="+", metavar="EVALUATION.json")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    parser.add_argument("--data", required=True, help="what the photos are, for the record")
    parser.add_argument("--floor", type=types.share, default=0.05, help="lowest score to be read")
    parser.add_argument("--pull", type=float, default=1e-3, help="ridge on standardised witnesses")
    return parser


def _run(options: argparse.Namespace) -> None:
    evaluations = [load_evaluation(path) for path in options.evaluations]
    boxes = boxes_of(evaluations)
    texts = boxes.take(boxes.known)
    decision = PlateDecision(
        detector=_one({str(each.detector) for each in evaluations}),
        ocr=_one({each.ocr for each in evaluations}),
        floor=options.floor,
        plate=_weighing(boxes, boxes.plates, options.pull),
        text=_weighing(texts, texts.right, options.pull),
        method=METHOD.format(pull=options.pull),
        data=f"{options.data}: {boxes.plates.sum()} plates, {(~boxes.plates).sum()} other boxes",
        measured=datetime.now(tz=UTC).date().isoformat(),
    )
    options.out.write_text(decision.to_json(), encoding="utf-8")
    sys.stdout.writelines(_weights(decision))
    sys.stdout.write(_judged("plates", boxes, boxes.plates, options.pull))
    sys.stdout.write(_judged("texts", texts, texts.right, options.pull))


def _one(names: set[str]) -> str:
    return " or ".join(sorted(names))


def _weighing(boxes: Boxes, truth: NDArray[np.bool_], pull: float) -> Weighing:
    fitted = fit_logistic(boxes.seen, truth, boxes.importance, pull=pull)
    weights = dict(zip(NAMES, np.round(fitted.weights, _DIGITS).tolist(), strict=True))
    return Weighing(round(fitted.bias, _DIGITS), Witnesses(**weights))


def _weights(decision: PlateDecision) -> Iterator[str]:
    yield f"{'':<12}{'plate':>8}{'text':>8}\n"
    for name in NAMES:
        plate, text = (getattr(each.weights, name) for each in (decision.plate, decision.text))
        yield f"{name:<12}{plate:8.3f}{text:8.3f}\n"
    yield f"{'bias':<12}{decision.plate.bias:8.3f}{decision.text.bias:8.3f}\n"


def _judged(what: str, boxes: Boxes, truth: NDArray[np.bool_], pull: float) -> str:
    judged = crossed(boxes, truth, pull=pull)
    wrong = (judged >= 0.5) != truth
    return (
        f"{what}, judged by fits on other photos: log loss "
        f"{log_loss(judged, truth, boxes.importance):.4f}, {(wrong & truth).sum()} of "
        f"{truth.sum()} below 0.5, {(wrong & ~truth).sum()} of {(~truth).sum()} others over it\n"
    )


def crossed(boxes: Boxes, truth: NDArray[np.bool_], *, pull: float) -> NDArray[np.float64]:
    """The probability of each box by a fit on the photos of the other folds."""
    names, numbers = np.unique(boxes.photos, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(names))[numbers] % FOLDS
    judged = np.zeros(len(boxes))
    for number in range(FOLDS):
        here = fold == number
        others, known = boxes.take(~here), truth[~here]
        fitted = fit_logistic(others.seen, known, others.importance, pull=pull)
        judged[here] = fitted.probabilities(boxes.seen[here])
    return judged
