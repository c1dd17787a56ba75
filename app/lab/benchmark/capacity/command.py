"""`benchmark capacity`: measure a replica, and plan fleets of them."""

import argparse
import importlib
import json
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from app import arguments as types
from app.lab.benchmark.capacity import planning, prices
from app.lab.benchmark.capacity.autoscaler import Autoscaler, Metric
from app.lab.benchmark.capacity.measuring import Comparison, Profile, measure
from app.lab.benchmark.capacity.simulation import Balance
from app.lab.benchmark.frames import write_frames
from app.pictures import find_pictures

PICTURE = Path(__file__).parents[3] / "console" / "sample.jpg"
MAX_PICTURES = 32
BALANCES: Final[tuple[Balance, ...]] = ("in turn", "at random")
LOSSES = (100.0, 1000.0)
SCALED_RATE = 50.0
CAMERA_FPS = 5
TARGETS: Final[tuple[tuple[Metric, float], ...]] = (
    ("in flight", 0.25),
    ("in flight", 0.5),
    ("busy", 0.7),
)
"""The first and the last are those of deploy/kubernetes."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pictures", nargs="*", type=Path, help="photos, sent as 1280 x 720 frames")
    parser.add_argument("--processors", type=types.count, default=1, help="of each replica")
    parser.add_argument("--seconds", type=types.seconds, default=30.0, help="of each measurement")
    parser.add_argument("--limit", type=types.count, default=32, help="ALPR_MAX_IN_FLIGHT")
    parser.add_argument("--prices", type=Path, default=prices.TABLE, metavar="FILE.csv")
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", help="plan with this JSON of before"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the plan (PNG)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    console = Console()
    if arguments.profile is None:
        with console.status("measuring"):
            profile, compared = _measured(arguments)
    else:
        given = json.loads(arguments.profile.read_text())["profile"]
        profile = Profile(**given | {"service": tuple(given["service"])})
        compared = []
    _print_profile(console, profile, arguments.prices)
    _print_compared(console, compared)
    with console.status("simulating"):
        plan = _plan(profile)
    _print_plan(console, plan, profile)
    if arguments.json is not None:
        result = {"profile": profile, "compared": compared, **plan}
        arguments.json.write_text(json.dumps(result, default=asdict, indent=1) + "\n")
    if arguments.plot is not None:
        plots = importlib.import_module("app.lab.benchmark.capacity.plot")
        title = f"99 % within {planning.LIMIT_S:g} s, {profile.rate:.1f} pictures/s a replica"
        plots.plot_needs(plan["needs"], arguments.plot, title=title)
    return 0


def _measured(arguments: argparse.Namespace) -> tuple[Profile, list[Comparison]]:
    with tempfile.TemporaryDirectory(prefix="nz-alpr-") as folder:
        found = find_pictures(arguments.pictures) if arguments.pictures else [PICTURE]
        frames = write_frames([*found][:MAX_PICTURES], Path(folder))
        return measure(
            [frame.read_bytes() for frame in frames],
            processors=arguments.processors,
            seconds=arguments.seconds,
            limit=arguments.limit,
        )


def _plan(profile: Profile) -> dict[str, Any]:
    kind = profile.kind
    needs: dict[str, list[planning.Need]] = {}
    for balance in BALANCES:
        found = (planning.needed(kind, rate, balance=balance) for rate in planning.RATES)
        needs[balance] = [need for need in found if need is not None]
    fleets = {need.rate: need for need in needs["in turn"]}
    losses = [
        planning.zone_loss(kind, rate, replicas, start_s=profile.start_s + planning.POD_S)
        for rate in LOSSES
        if rate in fleets
        for replicas in (fleets[rate].replicas, fleets[rate].spare_zone)
    ]
    scalings = [
        planning.scaling(
            kind,
            SCALED_RATE,
            Autoscaler(target, metric, most=1000),
            start_s=profile.start_s + planning.POD_S,
        )
        for metric, target in TARGETS
    ]
    return {"needs": needs, "losses": losses, "scalings": scalings}


def _print_profile(console: Console, profile: Profile, table: Path) -> None:
    console.print(
        f"{datetime.now(UTC).date()}, {profile.processor}, {profile.processors} processors a "
        f"replica: {profile.rate:.1f} pictures/s, {profile.memory / 2**20:.0f} MiB, ready after "
        f"{profile.start_s:.1f} s; as many frames of {profile.rate / CAMERA_FPS:.1f} cameras at "
        f"{CAMERA_FPS} a second"
    )
    priced = Table("machine", "a million pictures", "price from", title="Edit the table of prices")
    for cost in prices.costs(
        table, rate=profile.rate, processors=profile.processors, busy=planning.MOST_BUSY
    ):
        said = f"{cost.source}, {cost.date}"
        priced.add_row(cost.machine, f"{cost.a_million:.2f} {cost.currency}", said)
    console.print(priced)


def _print_compared(console: Console, compared: list[Comparison]) -> None:
    if not compared:
        return
    table = Table(
        "requests/s", "p50 ms", "simulated", "p99 ms", "simulated", "refused", "simulated"
    )
    table.title = f"{compared[0].replicas} replicas, measured and simulated"
    for each in compared:
        measured, simulated = each.measured_ms, each.simulated_ms
        table.add_row(
            *(f"{each.rate:.1f}", f"{measured[0]:.0f}", f"{simulated[0]:.0f}"),
            *(f"{measured[1]:.0f}", f"{simulated[1]:.0f}"),
            *(f"{each.measured_refused:.1%}", f"{each.simulated_refused:.1%}"),
        )
    console.print(table)


def _print_plan(console: Console, plan: dict[str, Any], profile: Profile) -> None:
    limit = f"{planning.LIMIT_S * 1e3:.0f} ms"
    table = Table("requests/s", "balanced", "replicas", "busy", "p50 ms", "p99 ms", "zone may go")
    table.title = f"99 % within {limit}"
    for balance, needs in plan["needs"].items():
        for need in needs:
            table.add_row(
                *(f"{need.rate:g}", balance, str(need.replicas), f"{need.busy:.0%}"),
                *(f"{need.p50_s * 1e3:.0f}", f"{need.p99_s * 1e3:.0f}", str(need.spare_zone)),
            )
    console.print(table)
    table = Table("requests/s", "replicas", "broken s", "refused", "Retry-After", "p99 ms", "lost")
    table.title = "One zone of three goes; shares and p99 of the minute after it"
    for loss in plan["losses"]:
        table.add_row(
            *(f"{loss.rate:g}", str(loss.replicas), str(loss.broken_s), f"{loss.refused:.1%}"),
            *(f"{loss.retry_after} s", f"{loss.p99_s * 1e3:.0f}", str(loss.lost)),
        )
    console.print(table)
    table = Table("metric", "target", "replicas before", "at most", "broken s", "refused")
    table.title = (
        f"{SCALED_RATE:g}, then {4 * SCALED_RATE:g} requests/s; a replica is ready after "
        f"{profile.start_s + planning.POD_S:.0f} s"
    )
    for each in plan["scalings"]:
        table.add_row(
            *(each.metric, f"{each.target:.0%}", str(each.replicas), str(each.most)),
            *(str(each.broken_s), f"{each.refused:.1%}"),
        )
    console.print(table)
