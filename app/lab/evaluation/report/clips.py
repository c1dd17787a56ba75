"""The figures of clips as tables for the terminal."""

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from app.lab.evaluation.clips.results import ClipEvaluation, PassOutcome
from app.lab.evaluation.clips.summary import ClipSummary
from app.lab.evaluation.figures.answers import SURE
from app.lab.evaluation.report.table import format_count, format_rate, new_table


def clip_tables(
    evaluation: ClipEvaluation, summary: ClipSummary, *, with_list: bool
) -> RenderableType:
    """All figures, and each pass that was not read right if asked for."""
    tables = [
        _overview(evaluation, summary),
        _ways(summary),
        _calibration(summary),
    ]
    if len(summary.by_condition) > 1:
        tables.append(_conditions(summary))
    if with_list:
        tables += [_failures(evaluation), _unmatched(evaluation), _broken(evaluation)]
    return Lines(*[table for table in tables if table.row_count])


def _overview(evaluation: ClipEvaluation, summary: ClipSummary) -> Table:
    where = f" where {', '.join(evaluation.where)}" if evaluation.where else ""
    counts = f"{len(evaluation.clips)} clips, {len(evaluation.passes)} passes"
    networks = f"{evaluation.detector} + {evaluation.ocr}"
    table = new_table(
        f"{evaluation.dataset}{where}: {counts}; {networks}", "", "count", "rate, 95 %"
    )
    for name, value in (
        ("passes right", summary.right),
        ("passes wrong", summary.wrong),
        ("passes missed", summary.missed),
        ("split in several, one after the other", summary.split),
        ("doubled, at the same time", summary.doubled),
    ):
        table.add_row(name, format_count(value), format_rate(value))
    if summary.invented is not None:
        table.add_row("invented", str(summary.invented), "")
        table.add_row(f"invented with confidence >= {SURE}", str(summary.invented_sure), "")
    first = summary.first_right_s
    if first.median is not None:
        table.add_row("first right, median", f"{first.median:.1f} s", "")
        table.add_row("first right, latest", f"{first.most:.1f} s", "")
    broken = sum(clip.error is not None for clip in evaluation.clips)
    if broken:
        table.add_row("[red]clips that could not be read to their end[/]", str(broken), "")
    return table


def _ways(summary: ClipSummary) -> Table:
    table = new_table("Ways to fuse, of all passes", "", "count", "rate, 95 %")
    table.add_row(
        "single frames", format_count(summary.single_frames), format_rate(summary.single_frames)
    )
    for name, value in summary.ways.items():
        table.add_row(name, format_count(value), format_rate(value))
    table.add_row(
        "some frame is right", format_count(summary.some_frame), format_rate(summary.some_frame)
    )
    return table


def _calibration(summary: ClipSummary) -> Table:
    table = new_table("Confidence of the passes told", "confidence", "mean", "right", "rate, 95 %")
    for one in summary.calibration.bins:
        table.add_row(
            f"{one.low:.1f}-{one.high:.1f}",
            f"{one.mean_confidence:.3f}",
            format_count(one.right),
            format_rate(one.right),
        )
    if summary.calibration.expected_error is not None:
        table.add_row("expected error", f"{summary.calibration.expected_error:.3f}", "", "")
        table.add_row("mean minus right", f"{summary.calibration.bias:+.3f}", "", "")
    return table


def _conditions(summary: ClipSummary) -> Table:
    table = new_table("Passes right by condition", "", "count", "rate, 95 %")
    for name, value in summary.by_condition.items():
        table.add_row(escape(name), format_count(value), format_rate(value))
    return table


def _failures(evaluation: ClipEvaluation) -> Table:
    table = new_table("Passes not right", "clip", "true", "from", "told", "confidence", "agreeing")
    for one in evaluation.passes:
        if one.right:
            continue
        told = one.found[0] if one.found else None
        table.add_row(
            escape(one.clip),
            one.truth,
            f"{one.start_s:.1f} s",
            _told(one),
            f"{told.confidence:.2f}" if told else "",
            f"{told.agreeing}/{told.reads}" if told else "",
        )
    return table


def _told(outcome: PassOutcome) -> str:
    if not outcome.found:
        return "-"
    best = outcome.found[0]
    return best.plate if best.told else f"({best.plate})"


def _unmatched(evaluation: ClipEvaluation) -> Table:
    table = new_table(
        "Passes without a label", "clip", "plate", "from", "to", "confidence", "reads"
    )
    for clip in evaluation.clips:
        for one in clip.unmatched:
            table.add_row(
                escape(clip.name),
                escape(one.plate),
                f"{one.first_seen_s:.1f} s",
                f"{one.last_seen_s:.1f} s",
                f"{one.confidence:.2f}",
                f"{one.agreeing}/{one.reads}",
            )
    return table


def _broken(evaluation: ClipEvaluation) -> Table:
    table = new_table("Clips that could not be read to their end", "clip", "why")
    for clip in evaluation.clips:
        if clip.error is not None:
            table.add_row(escape(clip.name), escape(clip.error))
    return table
