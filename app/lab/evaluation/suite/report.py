"""All rows, what is absent, and what changed: the tables, which are Markdown, and the JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter
from rich.box import MARKDOWN
from rich.table import Table

from app.lab.evaluation.compare import verdict
from app.lab.evaluation.figures.answers import ENFORCEMENT, SURE, AnswerPoint
from app.lab.evaluation.figures.circumstances import BANDS
from app.lab.evaluation.figures.rates import Rate
from app.lab.evaluation.report.table import format_rate
from app.lab.evaluation.suite.history import Change
from app.lab.evaluation.suite.rows import Row
from app.lab.evaluation.suite.targets import LESS_THAN, MORE_THAN, Target

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """`absent` are sets that the data does not have, `absent_pairs` say why a pair is not here."""

    created: str
    rows: tuple[Row, ...]
    absent: tuple[str, ...]
    absent_pairs: dict[str, str]
    changes: tuple[Change, ...]
    version: int = FORMAT_VERSION


_ADAPTER: Final = TypeAdapter(SuiteReport)


def report_json(report: SuiteReport) -> bytes:
    return _ADAPTER.dump_json(report, indent=1) + b"\n"


def tables(report: SuiteReport) -> list[Table]:
    """One of all figures, then answered texts, targets, circumstances, and changes if any."""
    shown = [_figures(report)]
    if report.rows:
        shown += [_answers(report.rows), _targets(report.rows), _circumstances(report.rows)]
    if report.changes:
        shown.append(_changes(report.changes))
    return [table for table in shown if table.row_count]


def _figures(report: SuiteReport) -> Table:
    table = _table(
        "set", "networks", "plates", "found", "right", "characters", "partial",
        "false", f"false, >= {SURE}", "passes", "ms",
    )  # fmt: skip
    for row in report.rows:
        table.add_row(
            row.set,
            row.provenance.pair,
            str(row.plates) if row.plates else f"{row.pictures} photos",
            _counted(row.found),
            _counted(row.right),
            format_rate(row.characters),
            _counted(row.partial),
            _counted(row.false),
            str(row.surely_false) if row.false.total else "-",
            "-" if row.passes is None else f"{row.passes:.1f}",
            "-" if row.ms is None else f"{row.ms:.0f}",
        )
    for name in report.absent:
        table.add_row(name, "", "absent", *[""] * 8)
    for pair in report.absent_pairs:
        table.add_row("", pair, "absent", *[""] * 8)
    return table


def _answers(rows: Sequence[Row]) -> Table:
    table = _table(
        "set", "networks", "working point", "from", "right", "wrong", "precision", "recall"
    )
    for row in rows:
        if row.every is None or not row.right.total:
            continue
        for name, point in (
            ("all answered", row.every),
            (f"{100 * ENFORCEMENT:.1f} % right", row.enforcement),
        ):
            table.add_row(row.set, row.provenance.pair, name, *_point(point))
    return table


def _point(point: AnswerPoint | None) -> tuple[str, ...]:
    if point is None:
        return ("never", "-", "-", "-", "-")
    return (
        f"{point.threshold:.3f}",
        str(point.right),
        str(point.wrong + point.nowhere),
        format_rate(point.precision),
        format_rate(point.recall),
    )


def _targets(rows: Sequence[Row]) -> Table:
    limits = {
        **{name: f"{name} > {bound:.0%}" for name, bound in MORE_THAN.items()},
        **{name: f"{name} < {bound:.0%}" for name, bound in LESS_THAN.items()},
    }
    table = _table("standard plates, good conditions", "networks", *limits.values())
    for row in rows:
        found = {target.name: target for target in row.targets}
        if not found:
            continue
        cells = [_judged(found[name]) if name in found else "-" for name in limits]
        table.add_row(row.set, row.provenance.pair, *cells)
    return table


def _judged(target: Target) -> str:
    share = f"{target.share.count}/{target.share.total}, {format_rate(target.share)}"
    sure = "" if target.settled else ", uncertain"
    return f"{share}: {'met' if target.met else 'not met'}{sure}"


def _circumstances(rows: Sequence[Row]) -> Table:
    """Plates right of those there are, by set."""
    names = [name for name in dict.fromkeys(row.set for row in rows)
             if any(row.set == name and row.breakdown for row in rows)]  # fmt: skip
    table = _table("right of", "", "networks", *names)
    for pair in dict.fromkeys(row.provenance.pair for row in rows):
        of_pair = {row.set: row for row in rows if row.provenance.pair == pair}
        for column in (*BANDS, "rows"):
            cells = {
                name: {group.name: group for group in of_pair[name].breakdown.get(column, ())}
                for name in names
                if name in of_pair
            }
            for value in BANDS.get(column, ("1", "2")):
                groups = [cells.get(name, {}).get(value) for name in names]
                if any(groups):
                    shown = [_of(group.accuracy.corrected) if group else "-" for group in groups]
                    table.add_row(column, value, pair, *shown)
    return table


def _of(found: Rate) -> str:
    return "-" if found.value is None else f"{found.count}/{found.total}, {100 * found.value:.0f} %"


def _changes(found: Sequence[Change]) -> Table:
    table = _table(
        "set", "networks", "since", "version", "weights", "", "of",
        "before", "now", "mended", "broken", "p", "",
    )  # fmt: skip
    for change in found:
        judged = change.paired
        drifted = change.same_weights and (judged.fixed or judged.broken)
        table.add_row(
            change.set,
            change.pair,
            change.before,
            change.version,
            "same" if change.same_weights else "others",
            change.aspect,
            str(judged.samples),
            str(judged.right_a),
            str(judged.right_b),
            str(len(judged.fixed)),
            str(len(judged.broken)),
            f"{judged.p_value:.2g}",
            f"drift, {verdict(judged)}" if drifted else verdict(judged),
        )
    return table


def _counted(value: Rate) -> str:
    return "-" if value.value is None else f"{value.count}, {format_rate(value)}"


def _table(*columns: str) -> Table:
    table = Table(box=MARKDOWN, show_edge=True)
    for index, name in enumerate(columns):
        table.add_column(name, justify="left" if index < 2 else "right", no_wrap=True)
    return table
