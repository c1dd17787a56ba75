"""The figures as tables for the terminal."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from app.lab.evaluation.figures.answers import ENFORCEMENT, AnswerCurve, AnswerPoint
from app.lab.evaluation.figures.rates import Rate
from app.lab.evaluation.figures.remaining import CAUSES
from app.lab.evaluation.results import Evaluation
from app.lab.evaluation.summary import CORRECTED, RAW, Summary

LARGEST_GROUPS = 12


def format_rate(value: Rate | None) -> str:
    """`93.5 % [87.3, 96.7]`, a dash where there is nothing to tell."""
    if value is None or value.value is None:
        return "-"
    return f"{100 * value.value:.1f} % [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def _percent(value: Rate) -> str:
    return "-" if value.value is None else f"{100 * value.value:.1f}"


def _interval(value: Rate) -> str:
    return "-" if value.value is None else f"{100 * value.low:.0f}-{100 * value.high:.0f}"


def format_count(value: Rate | None) -> str:
    return "-" if value is None or value.value is None else f"{value.count}/{value.total}"


def summary_tables(evaluation: Evaluation, summary: Summary) -> RenderableType:
    """Everything but the lists of single plates."""
    tables: list[RenderableType] = [_overview(evaluation, summary)]
    if summary.accuracy.raw.total:
        tables += [_reading(summary), _answers(summary), _confidence(summary), _remaining(summary)]
    tables += [_groups(column, summary) for column in summary.breakdown]
    tables.append(_timings(summary))
    return Lines(*tables)


def overview_rows(summary: Summary) -> list[tuple[str, Rate | None]]:
    """The rates that matter most, in words."""
    rows: list[tuple[str, Rate | None]] = []
    if summary.detection is not None:
        rows += [
            ("plates found (IoU >= 0.3 or middle inside)", summary.detection.found),
            ("detection recall (IoU >= 0.5)", summary.detection.recall),
            ("detection precision (IoU >= 0.5)", summary.detection.precision),
            ("photos without a plate given one", summary.detection.negatives_with_plate),
        ]
    rows += [
        ("plate accuracy, raw", summary.accuracy.raw),
        ("plate accuracy, corrected", summary.accuracy.corrected),
        ("plate accuracy, top 3", summary.accuracy.top3),
        ("of plates read: raw", summary.accuracy_of_read.raw),
        ("of plates read: corrected", summary.accuracy_of_read.corrected),
        ("of plates read: top 3", summary.accuracy_of_read.top3),
        ("corrections offered, of plates read", summary.corrections.offered),
        ("corrections gained, of wrong raw texts", summary.corrections.gained),
        ("wrong corrections, of right raw texts", summary.corrections.lost),
        ("wrong raw texts made wrong otherwise", summary.corrections.changed),
    ]
    return [(name, value) for name, value in rows if value is not None and value.total]


def _overview(evaluation: Evaluation, summary: Summary) -> Table:
    where = f" where {', '.join(evaluation.where)}" if evaluation.where else ""
    counts = f"{len(evaluation.photos)} pictures, {len(evaluation.plates)} plates"
    networks = " + ".join(name for name in (evaluation.detector, evaluation.ocr) if name)
    table = new_table(
        f"{evaluation.dataset}{where}: {counts}; {networks}", "", "count", "rate, 95 %"
    )
    for name, value in overview_rows(summary):
        table.add_row(name, format_count(value), format_rate(value))
    if summary.detection is not None and summary.detection.false_plates is not None:
        table.add_row("false plates", str(summary.detection.false_plates), "")
    unreadable = sum(photo.error is not None for photo in evaluation.photos)
    if unreadable:
        table.add_row("[red]pictures that could not be decoded[/]", str(unreadable), "")
    return table


def _reading(summary: Summary) -> Table:
    table = new_table("Reading", "", RAW, CORRECTED)
    metrics = [summary.metrics[RAW], summary.metrics[CORRECTED]]
    characters = [summary.characters[RAW], summary.characters[CORRECTED]]
    counts = [f"{one.correct} / {one.partial} / {one.failed}" for one in metrics]
    table.add_row("correct/partial/failed", *counts)
    table.add_row("partial match rate", *(format_rate(one.partial_match_rate) for one in metrics))
    table.add_row("character accuracy", *(format_rate(one.accuracy) for one in characters))
    table.add_row(
        "subst./insert./deletions",
        *(f"{one.substitutions} / {one.insertions} / {one.deletions}" for one in characters),
    )
    table.add_row(
        "errors by position",
        *(" ".join(str(place.wrong.count) for place in one.position_errors) for one in characters),
    )
    table.add_row(
        "commonest, true>read", *(escape(_confusions(one.confusion_matrix)) for one in characters)
    )
    return table


def _confusions(matrix: dict[str, dict[str, int]], most: int = 8) -> str:
    pairs = [(count, true, read) for true, reads in matrix.items() for read, count in reads.items()]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return " ".join(f"{true or '-'}>{read or '-'}:{count}" for count, true, read in pairs[:most])


def working_points(answers: AnswerCurve) -> list[tuple[str, AnswerPoint | None]]:
    """Where to stop trusting texts, in words."""
    return [
        ("every plate answered", answers.every),
        (f"{100 * ENFORCEMENT:.1f} % right", answers.enforcement),
    ]


def _answers(summary: Summary) -> Table:
    table = new_table(
        "Answered texts", "", "from", "right", "wrong", "no plate", "precision", "recall"
    )
    for name, point in working_points(summary.answers):
        table.add_row(name, *answer_cells(point))
    return table


def answer_cells(point: AnswerPoint | None) -> tuple[str, ...]:
    """Least text confidence, counts and rates of a point."""
    if point is None:
        return ("never", "-", "-", "-", "-", "-")
    counts = (point.right, point.wrong, point.nowhere)
    rates = (format_rate(point.precision), format_rate(point.recall))
    return (f"{point.threshold:.3f}", *map(str, counts), *rates)


def _confidence(summary: Summary) -> Table:
    table = new_table("Confidence", "", "ECE", "bias", "threshold", "coverage", "precision")
    for name, one in summary.confidence.items():
        error, bias = one.reliability.expected_error, one.reliability.bias
        chosen = one.risk_coverage.chosen
        point = (
            (
                f"{chosen.threshold:.4f}",
                f"{100 * chosen.coverage:.1f} %",
                format_rate(chosen.precision),
            )
            if chosen
            else ("-", "-", f"never {100 * one.risk_coverage.target:.1f} %")
        )
        table.add_row(
            name,
            "-" if error is None else f"{error:.3f}",
            "-" if bias is None else f"{bias:+.3f}",
            *point,
        )
    return table


def _remaining(summary: Summary) -> Table:
    table = new_table(f"Remaining errors: {len(summary.remaining)}", "", "plates", "truth in list")
    for cause, meaning in CAUSES.items():
        errors = [error for error in summary.remaining if error.cause == cause]
        listed = sum(error.rank is not None for error in errors)
        table.add_row(meaning, str(len(errors)), str(listed))
    return table


def _groups(column: str, summary: Summary) -> Table:
    groups = summary.breakdown[column]
    left_out = len(groups) - LARGEST_GROUPS
    title = f"By {column}" + (f" ({left_out} smaller ones in the report)" if left_out > 0 else "")
    table = new_table(title, "", "plates", "found %", "raw %", "corrected %", "95 %", "top 3 %")
    for group in groups[:LARGEST_GROUPS]:
        table.add_row(
            escape(group.name),
            str(group.plates),
            _percent(group.found),
            _percent(group.accuracy.raw),
            _percent(group.accuracy.corrected),
            _interval(group.accuracy.corrected),
            _percent(group.accuracy.top3),
        )
    return table


def _timings(summary: Summary) -> Table:
    table = new_table("Milliseconds a picture", "", "mean", "p50", "p99")
    for stage, timing in summary.timings_ms.items():
        table.add_row(stage, *_fixed((timing.mean, timing.p50, timing.p99)))
    return table


def _fixed(values: Iterable[float]) -> list[str]:
    return [f"{value:.2f}" for value in values]


def new_table(title: str, *columns: str) -> Table:
    """Empty, its first column to the left and the others to the right."""
    headers: Sequence[str] = columns
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for index, header in enumerate(headers):
        table.add_column(header, justify="left" if index == 0 else "right")
    return table
