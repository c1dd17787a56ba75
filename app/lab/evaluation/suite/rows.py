"""The figures of one set read by one pair: a row of the table. No plate is named in them."""

from dataclasses import dataclass

import numpy as np

from app.lab.evaluation.clips.results import ClipEvaluation
from app.lab.evaluation.clips.summary import summarise_clips
from app.lab.evaluation.figures.accuracy import plate_metrics
from app.lab.evaluation.figures.answers import SURE, AnswerPoint, answer_curve
from app.lab.evaluation.figures.breakdown import Group, break_down
from app.lab.evaluation.figures.characters import report_characters
from app.lab.evaluation.figures.circumstances import BANDS
from app.lab.evaluation.figures.rates import Rate, share
from app.lab.evaluation.figures.timing import summarise_timings
from app.lab.evaluation.results import Evaluation, PhotoOutcome, PlateOutcome
from app.lab.evaluation.suite.measuring import Measured
from app.lab.evaluation.suite.provenance import Provenance
from app.lab.evaluation.suite.targets import Target, judge

RIGHT, WRONG, MISSED, FOUND = "r", "w", "-", "f"
NOTHING, FALSE, SURELY_FALSE = ".", "f", "s"


@dataclass(frozen=True, slots=True)
class Row:
    """`pictures` are photos or clips, `plates` labelled ones, of clips passes.

    `found` is of all plates, `right` and `partial` (a wrong text with a character in its place) of
    those of known text, `characters` of those read. `false` is the share of the pictures on which
    every plate has a label that are answered one more, `surely_false` how many of them with a
    confidence of `SURE`. `passes` of the detector and `ms` are means of a photo. The working points
    are by text confidence: everything answered, and 99.5 % right.

    `outcomes` has a letter for each plate, `negatives` one for each photo without any, in the order
    of the labels: they tell what changed since another run, and name nothing.
    """

    set: str
    set_checksum: str
    created: str
    provenance: Provenance
    pictures: int
    plates: int
    found: Rate
    right: Rate
    characters: Rate
    partial: Rate
    false: Rate
    surely_false: int
    passes: float | None
    ms: float | None
    unreadable: int
    every: AnswerPoint | None
    enforcement: AnswerPoint | None
    breakdown: dict[str, tuple[Group, ...]]
    targets: tuple[Target, ...]
    outcomes: str
    negatives: str


def to_row(measured: Measured) -> Row:
    if isinstance(measured.result, ClipEvaluation):
        return _of_clips(measured, measured.result)
    return _of_photos(measured, measured.result)


def _of_photos(measured: Measured, result: Evaluation) -> Row:
    readable = [plate for plate in result.plates if plate.truth is not None]
    texts = [(plate.truth or "", plate.read.text if plate.read else None) for plate in readable]
    characters = report_characters((true, text) for true, text in texts if text is not None)
    metrics = plate_metrics(texts, characters.accuracy)
    complete = [photo for photo in result.photos if photo.fully_labelled]
    false = share(bool(photo.unmatched) for photo in complete)
    answers = answer_curve(result.plates, result.photos)
    passes = [photo.passes for photo in result.photos if photo.passes is not None]
    timings = summarise_timings(photo.timings_ms for photo in result.photos)
    return Row(
        set=measured.loaded.name,
        set_checksum=measured.loaded.checksum,
        created=result.created,
        provenance=measured.provenance,
        pictures=len(result.photos),
        plates=len(result.plates),
        found=share(plate.read is not None for plate in result.plates),
        right=metrics.plate_accuracy,
        characters=metrics.character_accuracy,
        partial=metrics.partial_match_rate,
        false=false,
        surely_false=sum(_falsely(photo) == SURELY_FALSE for photo in complete),
        passes=float(np.mean(passes)) if passes else None,
        ms=timings["total"].mean if timings else None,
        unreadable=sum(photo.error is not None for photo in result.photos),
        every=answers.every,
        enforcement=answers.enforcement,
        breakdown=break_down(result.plates, (*BANDS, "rows")),
        targets=() if measured.loaded.abroad else judge(result.plates, result.photos),
        outcomes="".join(map(_letter, result.plates)),
        negatives="".join(_falsely(photo) for photo in result.photos if photo.negative),
    )


def _letter(plate: PlateOutcome) -> str:
    if plate.read is None:
        return MISSED
    if plate.truth is None:
        return FOUND
    return RIGHT if plate.right else WRONG


def _falsely(photo: PhotoOutcome) -> str:
    if not photo.unmatched:
        return NOTHING
    sure = max(found.confidence for found in photo.unmatched) >= SURE
    return SURELY_FALSE if sure else FALSE


def _of_clips(measured: Measured, result: ClipEvaluation) -> Row:
    summary = summarise_clips(result)
    texts = [(one.truth, one.told[0].plate if one.told else None) for one in result.passes]
    characters = report_characters((true, text) for true, text in texts if text is not None)
    metrics = plate_metrics(texts, characters.accuracy)
    counted = [clip for clip in result.clips if clip.counted]
    return Row(
        set=measured.loaded.name,
        set_checksum=measured.loaded.checksum,
        created=result.created,
        provenance=measured.provenance,
        pictures=len(result.clips),
        plates=len(result.passes),
        found=share(bool(one.told) for one in result.passes),
        right=summary.right,
        characters=metrics.character_accuracy,
        partial=metrics.partial_match_rate,
        false=share(bool(clip.unmatched) for clip in counted),
        surely_false=sum(any(one.confidence >= SURE for one in clip.unmatched) for clip in counted),
        passes=None,
        ms=None,
        unreadable=sum(clip.error is not None for clip in result.clips),
        every=None,
        enforcement=None,
        breakdown={},
        targets=(),
        outcomes=_letters_of_clips(result),
        negatives="",
    )


def _letters_of_clips(result: ClipEvaluation) -> str:
    return "".join(RIGHT if one.right else WRONG if one.told else MISSED for one in result.passes)
