"""Requests a second of all contenders, as a picture."""

from pathlib import Path

from matplotlib.figure import Figure

from app.lab.benchmark.comparison import Benchmark

_WIDTH = 0.8
"""Of the bars of one number of clients together."""


def plot_rates(benchmark: Benchmark, path: Path) -> None:
    """A bar for each contender and number of clients, as PNG."""
    figure = Figure(figsize=(8, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    width = _WIDTH / len(benchmark.results)
    for number, (name, results) in enumerate(benchmark.results.items()):
        places = [group + (number + 0.5) * width - _WIDTH / 2 for group in range(len(results))]
        rates = [result.requests_per_second for result in results]
        axes.bar_label(axes.bar(places, rates, width, label=name), fmt="%.3g", fontsize=7)
    clients = [str(result.clients) for result in next(iter(benchmark.results.values()))]
    axes.set_xticks(range(len(clients)), clients)
    axes.set_xlabel("clients")
    axes.set_ylabel("pictures a second")
    wide, high = benchmark.size
    axes.set_title(f"{wide} x {high}, {benchmark.frame_bytes // 1000} kB")
    axes.legend()
    figure.savefig(path)
