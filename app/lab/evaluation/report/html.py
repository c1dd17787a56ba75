"""One self-contained HTML page: figures, plots, worst cases. It names plates."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from app.lab.evaluation.figures.remaining import CAUSES
from app.lab.evaluation.report import plots
from app.lab.evaluation.report.pictures import Case, draw_cases, worst_cases
from app.lab.evaluation.report.table import (
    answer_cells,
    format_count,
    format_rate,
    overview_rows,
    working_points,
)
from app.lab.evaluation.results import Evaluation, ReadPlate
from app.lab.evaluation.summary import CORRECTED, RAW, Summary

LEAST_PLOTTED = 5
"""Smaller groups are in the table only."""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2733; max-width: 1240px;
       margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; } p, figcaption { color: #55606e; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #e3e6ea; text-align: right; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
figure { margin: .5rem 1.5rem .5rem 0; display: inline-block; vertical-align: top;
         width: min-content; }
figure img { display: block; } code { font-size: 1.05em; }
.cases figure { width: 320px; }
"""


def html_report(
    evaluation: Evaluation, summary: Summary, folder: Path, *, worst: int, max_pixels: int
) -> str:
    """The page. `folder` is where the pictures are, `worst` how many of each kind are shown."""
    parts = [_heading(evaluation), _overview(summary)]
    if summary.accuracy.raw.total:
        parts += [_characters(summary), _answers(summary), _confidence(summary)]
    parts += [_groups(summary), _timings(summary)]
    for kind, cases in worst_cases(evaluation, worst).items():
        parts.append(_cases(kind, cases, draw_cases(folder, cases, max_pixels=max_pixels)))
    parts.append(_remaining(summary))
    title = escape(f"Evaluation of {evaluation.dataset}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>{''.join(parts)}</body></html>\n"
    )


def _heading(evaluation: Evaluation) -> str:
    facts = [
        evaluation.created,
        f"{len(evaluation.photos)} pictures, {len(evaluation.plates)} plates",
        " + ".join(name for name in (evaluation.detector, evaluation.ocr) if name),
        "plate crops" if evaluation.mode == "crops" else "whole photos",
        *(f"{name} {value}" for name, value in evaluation.options.items()),
        *(f"where {condition}" for condition in evaluation.where),
        *(["not every plate is labelled"] if evaluation.recall_only else []),
    ]
    return f"<h1>{escape(evaluation.dataset)}</h1><p>{escape(' · '.join(facts))}</p>"


def _overview(summary: Summary) -> str:
    rows = [
        (name, format_count(value), format_rate(value)) for name, value in overview_rows(summary)
    ]
    if summary.detection is not None:
        if summary.detection.false_plates is not None:
            rows.append(("false plates", str(summary.detection.false_plates), ""))
        rows += [
            (f"detections dropped: {reason}", str(count), "")
            for reason, count in summary.detection.rejected.items()
        ]
    return "<h2>Overview</h2>" + _table(("", "count", "rate, 95 % interval"), rows)


def _characters(summary: Summary) -> str:
    parts = ["<h2>Characters</h2>"]
    rows = []
    for name in (RAW, CORRECTED):
        one, metrics = summary.characters[name], summary.metrics[name]
        rate = "-" if one.error_rate is None else f"{100 * one.error_rate:.2f} %"
        rows.append(
            (
                name,
                str(metrics.correct),
                str(metrics.partial),
                str(metrics.failed),
                format_rate(one.accuracy),
                rate,
                str(one.substitutions),
                str(one.insertions),
                str(one.deletions),
            )
        )
    header = ("", "correct", "partial", "failed", "character accuracy", "character error rate")
    parts.append(_table((*header, "substitutions", "insertions", "deletions"), rows))
    raw, corrected = summary.characters[RAW], summary.characters[CORRECTED]
    plotted = {"raw": raw, "corrected": corrected} if raw != corrected else {"all texts": raw}
    for name, one in plotted.items():
        if one.confusion_matrix:
            parts.append(_figure(plots.plot_positions(one), f"Errors by position, {name}"))
            parts.append(_figure(plots.plot_confusions(one), f"Confusions, {name}"))
    return "".join(parts)


def _answers(summary: Summary) -> str:
    header = ("", "text confidence from", "right", "wrong", "no plate there", "precision", "recall")
    rows = [(name, *answer_cells(point)) for name, point in working_points(summary.answers)]
    plot = _figure(plots.plot_answers(summary.answers), "Precision against recall of texts")
    return "<h2>Answered texts</h2>" + plot + _table(header, rows)


def _confidence(summary: Summary) -> str:
    parts = ["<h2>Confidence</h2>"]
    for name, one in summary.confidence.items():
        error = one.reliability.expected_error
        if error is not None:
            caption = f"Reliability: {name}; expected calibration error {error:.3f}"
            parts.append(_figure(plots.plot_reliability(one), caption))
    parts.append(_figure(plots.plot_risk_coverage(summary.confidence), "Risk and coverage"))
    rows = [
        (
            name,
            f"{100 * one.risk_coverage.target:.1f} %",
            f"{chosen.threshold:.4f}" if chosen else "never reached",
            f"{100 * chosen.coverage:.1f} %" if chosen else "-",
            format_rate(chosen.precision) if chosen else "-",
        )
        for name, one in summary.confidence.items()
        for chosen in [one.risk_coverage.chosen]
    ]
    parts.append(_table(("", "target precision", "threshold", "coverage", "precision"), rows))
    return "".join(parts)


def _groups(summary: Summary) -> str:
    parts = ["<h2>Breakdown</h2>"] if summary.breakdown else []
    for column, groups in summary.breakdown.items():
        rows = [
            (
                group.name,
                str(group.plates),
                format_rate(group.found),
                format_rate(group.accuracy.raw),
                format_rate(group.accuracy.corrected),
                format_rate(group.accuracy.top3),
            )
            for group in groups
        ]
        parts.append(f"<h3>By {escape(column)}</h3>")
        large = [group for group in groups if group.accuracy.raw.total >= LEAST_PLOTTED]
        if large:
            parts.append(_figure(plots.plot_groups(large), f"Groups of {LEAST_PLOTTED} and more"))
        parts.append(_table((column, "plates", "found", "raw", "corrected", "top 3"), rows))
    return "".join(parts)


def _timings(summary: Summary) -> str:
    rows = [
        (stage, f"{timing.mean:.2f}", f"{timing.p50:.2f}", f"{timing.p99:.2f}")
        for stage, timing in summary.timings_ms.items()
    ]
    return "<h2>Milliseconds a picture</h2>" + _table(("stage", "mean", "p50", "p99"), rows)


def _cases(kind: str, cases: Sequence[Case], pictures: Sequence[str]) -> str:
    figures = [
        f'<figure><img src="{picture}" alt=""><figcaption>{_caption(case)}</figcaption></figure>'
        for case, picture in zip(cases, pictures, strict=True)
    ]
    return f'<h2>{escape(kind)}</h2><div class="cases">{"".join(figures)}</div>'


def _caption(case: Case) -> str:
    truth = f"<code>{escape(case.truth)}</code> " if case.truth else ""
    return f"{truth}{_read(case.read)}<br><small>{escape(case.photo)}</small>"


def _read(read: ReadPlate | None) -> str:
    if read is None:
        return "not found"
    corrected = f", corrected <code>{escape(read.corrected)}</code>" if read.corrected else ""
    return f"read <code>{escape(read.raw)}</code>{corrected} ({read.confidence:.2f})"


def _remaining(summary: Summary) -> str:
    parts = [f"<h2>Remaining errors: {len(summary.remaining)}</h2>"] if summary.remaining else []
    for cause, meaning in CAUSES.items():
        rows = [
            (
                error.photo,
                error.truth,
                error.raw,
                error.text,
                f"{error.confidence:.3f}",
                str(error.rank or "-"),
            )
            for error in summary.remaining
            if error.cause == cause
        ]
        if rows:
            parts.append(f"<h3>{escape(meaning)}: {len(rows)}</h3>")
            header = ("picture", "true", "raw", "answer", "confidence", "rank of the true plate")
            parts.append(_table(header, rows))
    return "".join(parts)


def _figure(svg: str, caption: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
