"""The figures as plots, each an SVG text."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from app.lab.evaluation.figures.answers import AnswerCurve
from app.lab.evaluation.figures.breakdown import Group
from app.lab.evaluation.figures.characters import CharacterReport
from app.lab.evaluation.figures.rates import Rate
from app.lab.evaluation.summary import Confidence

_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e3e6ea",
    "legend.frameon": False,
    "svg.fonttype": "none",
}
RAW_COLOUR = "#8a94a3"
CORRECTED_COLOUR = "#1668b8"
ERROR_COLOURS = ("#c8553d", "#e0a030", "#6b4e9b")


def plot_reliability(confidence: Confidence) -> str:
    """Share of right answers by confidence, with the number of answers below."""
    bins = confidence.reliability.bins

    def draw(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        upper.plot([0, 1], [0, 1], "--", color=RAW_COLOUR, linewidth=1, label="perfect")
        upper.errorbar(
            [one.mean_confidence for one in bins],
            [one.right.value or 0.0 for one in bins],
            yerr=_whiskers([one.right for one in bins]),
            fmt="o-",
            color=CORRECTED_COLOUR,
            capsize=2,
            label="measured",
        )
        upper.set(ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))
        upper.legend(loc="upper left")
        width = bins[0].high - bins[0].low if bins else 0.1
        lower.bar(
            [one.low + width / 2 for one in bins],
            [one.right.total for one in bins],
            width=0.9 * width,
            color=RAW_COLOUR,
        )
        lower.set(xlabel="confidence", ylabel="answers")

    return _svg(draw, 4.2, 4.2)


def plot_risk_coverage(confidences: dict[str, Confidence]) -> str:
    """Share of wrong answers left over the share of plates answered."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for (name, one), colour in zip(
            confidences.items(), (RAW_COLOUR, CORRECTED_COLOUR), strict=True
        ):
            points = one.risk_coverage.points
            axes.step(
                [point.coverage for point in points],
                [100 - 100 * (point.precision.value or 0.0) for point in points],
                where="post",
                color=colour,
                label=name,
            )
            chosen = one.risk_coverage.chosen
            if chosen is not None:
                axes.axvline(chosen.coverage, color=colour, linestyle=":", linewidth=1)
        axes.set(
            xlabel="coverage: answers over plates to read (dotted: target reached)",
            ylabel="wrong answers, %",
        )
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left")

    return _svg(draw, 6.2, 3.6)


def plot_answers(answers: AnswerCurve) -> str:
    """Precision over recall of answered texts, with the point for enforcement."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.step(
            [100 * (point.recall.value or 0.0) for point in answers.points],
            [100 * (point.precision.value or 0.0) for point in answers.points],
            where="post",
            color=CORRECTED_COLOUR,
        )
        if answers.enforcement is not None:
            recall = 100 * (answers.enforcement.recall.value or 0.0)
            axes.axvline(recall, color=RAW_COLOUR, linestyle=":", linewidth=1)
        axes.set(xlabel="recall, % (dotted: enforcement)", ylabel="right among answered, %")
        axes.set_xlim(0, 100)

    return _svg(draw, 4.2, 3.6)


def plot_confusions(characters: CharacterReport) -> str:
    """What was read for each character, without the right ones; "-" stands for none."""
    matrix = characters.confusion_matrix
    rows = sorted(matrix, key=lambda true: (not true, true))
    columns = sorted(
        {read for reads in matrix.values() for read in reads}, key=lambda read: (not read, read)
    )
    counts = np.array([[matrix[true].get(read, 0) for read in columns] for true in rows])

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.grid(visible=False)
        axes.imshow(counts, cmap="Blues", vmin=0, aspect="auto")
        axes.set_xticks(range(len(columns)), [read or "-" for read in columns])
        axes.set_yticks(range(len(rows)), [true or "-" for true in rows])
        axes.set(xlabel="read", ylabel="true")
        for row, column in np.argwhere(counts):
            dark = counts[row, column] > counts.max() / 2
            axes.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                fontsize=7,
                color="white" if dark else "black",
            )

    return _svg(draw, max(2.5, 0.26 * len(columns) + 1), max(2.0, 0.24 * len(rows) + 1))


def plot_positions(characters: CharacterReport) -> str:
    """Errors by position, stacked by kind."""
    places = characters.position_errors
    kinds = {
        "substitutions": [place.substitutions for place in places],
        "insertions": [place.insertions for place in places],
        "deletions": [place.deletions for place in places],
    }

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        below = np.zeros(len(places), int)
        positions = [place.position + 1 for place in places]
        for (name, counts), colour in zip(kinds.items(), ERROR_COLOURS, strict=True):
            axes.bar(positions, counts, bottom=below, label=name, color=colour, width=0.7)
            below = below + np.array(counts, int)
        axes.set(xlabel="position in the true plate", ylabel="errors", xticks=positions)
        axes.legend()

    return _svg(draw, 5.2, 3.2)


def plot_groups(groups: Sequence[Group]) -> str:
    """Accuracy of each group with its interval, raw and corrected."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        rows = np.arange(len(groups))
        for shift, colour, name, rates in (
            (-0.15, RAW_COLOUR, "raw", [group.accuracy.raw for group in groups]),
            (0.15, CORRECTED_COLOUR, "corrected", [group.accuracy.corrected for group in groups]),
        ):
            axes.errorbar(
                [100 * (one.value or 0.0) for one in rates],
                rows + shift,
                xerr=100 * _whiskers(rates),
                fmt="o",
                markersize=4,
                color=colour,
                capsize=2,
                label=name,
            )
        axes.set_yticks(rows, [f"{group.name} ({group.plates})" for group in groups])
        axes.set(xlabel="plates read right, %", xlim=(0, 101), ylim=(len(groups) - 0.5, -0.5))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    return _svg(draw, 6.8, 0.34 * len(groups) + 1.1)


def _whiskers(rates: Sequence[Rate]) -> Any:
    """(2, n) lengths of the error bars below and above."""
    values = np.array([one.value or 0.0 for one in rates])
    low = np.array([one.low for one in rates])
    high = np.array([one.high for one in rates])
    return np.maximum([values - low, high - values], 0).reshape(2, -1)


def _svg(draw: Callable[[Figure], None], width: float, height: float) -> str:
    """Draw on a figure of that size in inches."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    return buffer.getvalue()
