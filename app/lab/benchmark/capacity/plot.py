"""The plan as a picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from app.lab.benchmark.capacity.planning import Need


def plot_needs(needs: dict[str, Sequence[Need]], path: Path, *, title: str) -> None:
    """Replicas by requests a second, a line for each way to balance, as PNG."""
    figure = Figure(figsize=(8, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    for name, line in needs.items():
        rates = [need.rate for need in line]
        axes.loglog(rates, [need.replicas for need in line], marker="o", label=name)
        if name == "at random":
            spare = [need.spare_zone for need in line]
            axes.loglog(rates, spare, marker="s", linestyle="--", label=f"{name}, a zone may go")
            for need in line:
                place = (need.rate, need.replicas)
                axes.annotate(str(need.replicas), place, (4, -10), textcoords="offset points")
    axes.set_xlabel("requests a second")
    axes.set_ylabel("replicas")
    axes.set_title(title)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
    figure.savefig(path)
