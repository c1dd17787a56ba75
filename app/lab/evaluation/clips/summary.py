"""All figures of clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from pydantic import TypeAdapter

from app.lab.evaluation.clips.results import ClipEvaluation, FoundPass, PassOutcome
from app.lab.evaluation.clips.ways import OURS
from app.lab.evaluation.figures.answers import SURE
from app.lab.evaluation.figures.confidence import Reliability, reliability
from app.lab.evaluation.figures.rates import Rate, rate, share


@dataclass(frozen=True, slots=True)
class FirstRight:
    """Seconds from a plate's coming into the picture to its right text; None where none is."""

    median: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class ClipSummary:
    """`right`, `wrong` and `missed` are of labelled passes and make up all of them. `split` ones
    were told as several passes one after the other, `doubled` ones at the same time.

    `invented` counts passes told that no label explains, `invented_sure` those of at least `SURE`;
    None where the labels are not all. `some_frame` is the share of passes that any frame of was
    right by itself, `ways` that of each way to fuse them, with or without enough agreement to tell.
    `calibration` is of the passes told.
    """

    right: Rate
    wrong: Rate
    missed: Rate
    split: Rate
    doubled: Rate
    invented: int | None
    invented_sure: int | None
    first_right_s: FirstRight
    single_frames: Rate
    some_frame: Rate
    ways: dict[str, Rate]
    calibration: Reliability
    by_condition: dict[str, Rate]


_ADAPTER: Final = TypeAdapter(ClipSummary)


def clip_summary_body(summary: ClipSummary) -> dict[str, object]:
    """Plain values for JSON."""
    body: dict[str, object] = _ADAPTER.dump_python(summary, mode="json")
    return body


def summarise_clips(evaluation: ClipEvaluation) -> ClipSummary:
    """Compute all figures."""
    passes = evaluation.passes
    names = next((tuple(one.ways) for one in passes if one.ways), (OURS,))
    invented = [one for clip in evaluation.clips if clip.counted for one in clip.unmatched]
    counted = any(clip.counted for clip in evaluation.clips)
    answers = [(one.told[0], one.right) for one in passes if one.told]
    answers += [(one, False) for one in invented]
    conditions = sorted({one.tags.get("condition", "") for one in passes})
    return ClipSummary(
        right=share(one.right for one in passes),
        wrong=share(bool(one.told) and not one.right for one in passes),
        missed=share(not one.told for one in passes),
        split=share(_is_split(one.told) for one in passes),
        doubled=share(_is_doubled(one.told) for one in passes),
        invented=len(invented) if counted else None,
        invented_sure=sum(one.confidence >= SURE for one in invented) if counted else None,
        first_right_s=_first_right(passes),
        single_frames=rate(
            sum(one.frames_right for one in passes), sum(one.frames for one in passes)
        ),
        some_frame=share(one.frames_right > 0 for one in passes),
        ways={name: share(one.ways.get(name) == one.truth for one in passes) for name in names},
        calibration=reliability(
            [found.confidence for found, _ in answers], [right for _, right in answers]
        ),
        by_condition={
            name: share(one.right for one in passes if one.tags.get("condition", "") == name)
            for name in conditions
            if name
        },
    )


def _is_doubled(told: Sequence[FoundPass]) -> bool:
    return any(
        one.first_seen_s <= other.last_seen_s and other.first_seen_s <= one.last_seen_s
        for one, other in combinations(told, 2)
    )


def _is_split(told: Sequence[FoundPass]) -> bool:
    return len(told) > 1 and not _is_doubled(told)


def _first_right(passes: Sequence[PassOutcome]) -> FirstRight:
    times = [one.first_right_s for one in passes if one.first_right_s is not None]
    if not times:
        return FirstRight(None, None)
    return FirstRight(float(np.median(times)), max(times))
