"""What `compare` does: two results to the table of changes."""

import argparse
import json
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.console import Group as Lines
from rich.markup import escape
from rich.table import Table

from app.lab.evaluation.comparison import Comparison, Paired, compare, comparison_body
from app.lab.evaluation.results import load_evaluation


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "A and B are files of evaluate --json on the same data: the state before and the one after."
    )
    parser.add_argument("a", type=Path, metavar="A.json")
    parser.add_argument("b", type=Path, metavar="B.json")
    parser.add_argument("--list", action="store_true", help="list every plate fixed or broken")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all changes")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print and write the changes. Raises EvaluationError."""
    comparison = compare(load_evaluation(arguments.a), load_evaluation(arguments.b))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(comparison_body(comparison), indent=1) + "\n")
    Console().print(comparison_tables(comparison, with_list=arguments.list))
    return 0


def comparison_tables(comparison: Comparison, *, with_list: bool) -> RenderableType:
    """The tests in one table and, if asked for, every change."""
    lines: list[RenderableType] = [
        escape(f"A  {comparison.a}"),
        escape(f"B  {comparison.b}"),
    ]
    if comparison.only_a or comparison.only_b:
        lines.append(f"not compared: {comparison.only_a} only in A, {comparison.only_b} only in B")
    lines.append("p: probability of so uneven a split by chance (McNemar's test, exact)")
    table = Table("", "of", "A", "B", "fixed", "broken", "p", "", box=SIMPLE_HEAD)
    for name, paired in comparison.aspects.items():
        table.add_row(
            name,
            str(paired.samples),
            str(paired.right_a),
            str(paired.right_b),
            str(len(paired.fixed)),
            str(len(paired.broken)),
            f"{paired.p_value:.2g}",
            verdict(paired),
        )
    lines.append(table)
    if with_list:
        lines += [_changes(name, paired) for name, paired in comparison.aspects.items()]
    return Lines(*lines)


def verdict(paired: Paired) -> str:
    """In words, with markup."""
    if not paired.significant:
        return "not significant"
    better = len(paired.fixed) > len(paired.broken)
    return "[green]B is better[/]" if better else "[red]B is worse[/]"


def _changes(name: str, paired: Paired) -> RenderableType:
    table = Table(
        "", "picture", "true", "A", "B", title=name, title_justify="left", box=SIMPLE_HEAD
    )
    for kind, changes in (("fixed", paired.fixed), ("broken", paired.broken)):
        for change in changes:
            table.add_row(
                kind, escape(change.photo), change.truth, escape(change.a), escape(change.b)
            )
    return table
