"""Many pictures on two nodes of Ray that share this machine, while processes and a node die.

    python -m tests.cluster.ray_pictures --pictures 20000

Draws the pictures, then reads them by `predict --ray`. A process that reads is killed after a
quarter, a node after half, and the command itself after three quarters; then it is run again. Every
picture must have one row, and the row say what is in it. Before that, one node and two are timed.
Status 1 where something does not hold.
"""

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from tests.cluster.nodes import Cluster, end_on_sigterm, processes
from tests.pictures import draw_car, encode
from tests.servers import REPOSITORY, eventually

PLATES = ("ABC123", "KLM482", "DEF456", "XYZ789", "HJK307", "NPR651", "QST940", "GWB218")
BROKEN_EVERY = 100
"""One in so many pictures is cut off before its pixels."""
PATIENCE_SECONDS = 120.0
"""Without a further part: longer than it takes Ray to notice that a node is dead."""


@dataclass(slots=True)
class Outcome:
    """`rows` of each picture; those of `wrong` say something else than what was drawn."""

    rows: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    broken: int = 0
    seconds: float = 0.0


def main() -> int:
    end_on_sigterm()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--part", type=int, default=100)
    parser.add_argument("--timed", type=int, default=1000, help="pictures of each timing; 0: none")
    parser.add_argument("--format", choices=("parquet", "jsonl"), default="parquet")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        root = Path(folder)
        rates = [timed(root, nodes, chosen.timed) for nodes in (1, 2)] if chosen.timed else []
        names = draw(root / "in", chosen.pictures)
        outcome = read_with_deaths(root, names, part=chosen.part, form=chosen.format)
    report = {
        "pictures": len(names),
        "rows": outcome.rows.total(),
        "more_than_one": sum(count > 1 for count in outcome.rows.values()),
        "without": len(names.keys() - outcome.rows.keys()),
        "wrong": len(outcome.wrong),
        "broken": outcome.broken,
        "seconds": round(outcome.seconds),
        "pictures_per_second_of_1_and_2_nodes": [round(rate, 1) for rate in rates],
    }
    print(json.dumps(report, indent=1))  # noqa: T201
    return 0 if holds(outcome, names) else 1


def holds(outcome: Outcome, names: dict[str, str | None]) -> bool:
    return outcome.rows == Counter(names.keys()) and not outcome.wrong


def draw(folder: Path, count: int) -> dict[str, str | None]:
    """Write pictures in folders of a thousand; what is in each, None for those that are broken."""
    drawn = {plate: encode(draw_car(plate), ".jpg") for plate in PLATES}
    names: dict[str, str | None] = {}
    for number in range(count):
        plate = PLATES[number % len(PLATES)]
        broken = number % BROKEN_EVERY == BROKEN_EVERY - 1
        file = folder / f"{number // 1000:03d}" / f"{number:06d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(drawn[plate][:200] if broken else drawn[plate])
        names[str(file)] = None if broken else plate
    return names


def timed(root: Path, nodes: int, count: int) -> float:
    """Pictures a second on some nodes, of parts that came after each node's first."""
    part = max(1, count // 20)
    out = root / f"out-{nodes}"
    draw(root / f"in-{nodes}", count)
    with Cluster({}, nodes=nodes) as cluster:
        ended(start(cluster, root / f"in-{nodes}", out, part=part, form="parquet"))
    moments = sorted(file.stat().st_mtime for file in out.glob("part-*"))
    return (len(moments) - nodes) * part / (moments[-1] - moments[nodes - 1])


def read_with_deaths(root: Path, names: dict[str, str | None], *, part: int, form: str) -> Outcome:
    """Read all pictures in spite of what is killed meanwhile."""
    out = root / "out"
    parts = -(-len(names) // part)
    begun = time.monotonic()
    with Cluster({}) as cluster:
        job = start(cluster, root / "in", out, part=part, form=form)
        await_parts(job, out, form, parts // 4)
        kill_reader(cluster)
        await_parts(job, out, form, parts // 2)
        cluster.nodes.pop().kill()
        cluster.add_node().bind()
        await_parts(job, out, form, parts * 3 // 4)
        job.kill()
        job.wait()
        left = parts - count_parts(out, form)
        assert left > 0, "too few parts to kill the command before its end"
        ended(start(cluster, root / "in", out, part=part, form=form))
    outcome = Outcome(seconds=time.monotonic() - begun)
    for file in out.glob(f"part-*.{form}"):
        collect(file, names, outcome)
    return outcome


def start(
    cluster: Cluster, source: Path | str, out: Path | str, *, part: int, form: str
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app", "predict", "--ray", str(source), str(out)]
    return subprocess.Popen(
        [*command, "--part", str(part), "--format", form, "--detail", "low"],
        cwd=REPOSITORY,
        env={**cluster.environment, "RAY_ADDRESS": cluster.address},
        stdout=subprocess.DEVNULL,
    )


def ended(job: subprocess.Popen[bytes]) -> None:
    if job.wait() != 0:
        raise AssertionError(f"predict ended with {job.returncode}")


def count_parts(out: Path, form: str) -> int:
    return len(list(out.glob(f"part-*.{form}")))


def await_parts(job: subprocess.Popen[bytes], out: Path, form: str, wanted: int) -> None:
    """Raises AssertionError where it stands still."""
    known, moved = -1, time.monotonic()
    while (there := count_parts(out, form)) < wanted:
        if there != known:
            known, moved = there, time.monotonic()
        if time.monotonic() - moved > PATIENCE_SECONDS or job.poll() is not None:
            job.kill()
            raise AssertionError(f"it stands still at {there} parts, status {job.poll()}")
        time.sleep(0.1)


def kill_reader(cluster: Cluster) -> None:
    """One process of Ray that reads; between two parts it has another name."""
    readers: list[int] = []

    def there() -> bool:
        readers.extend(_readers(cluster))
        return bool(readers)

    assert eventually(there), "nothing reads"
    os.kill(readers[0], signal.SIGKILL)


def _readers(cluster: Cluster) -> list[int]:
    found = []
    for node in cluster.nodes:
        for process in processes(node.process.pid):
            with suppress(OSError):  # it may be gone by now
                if b"_read_part" in Path(f"/proc/{process}/cmdline").read_bytes():
                    found.append(process)
    return found


def collect(file: Path, names: dict[str, str | None], outcome: Outcome) -> None:
    """Rows of one part, each compared with what was drawn."""
    rows = _jsonl(file) if file.suffix == ".jsonl" else _parquet(file)
    for picture, plate, code in rows:
        outcome.rows[picture] += 1
        outcome.broken += code is not None
        expected = names.get(picture, "no such picture")
        if plate != expected or (code is None) == (expected is None):
            outcome.wrong.append(picture)


Rows = list[tuple[str, str | None, str | None]]


def _parquet(file: Path) -> Rows:
    table = pq.read_table(io.BytesIO(file.read_bytes()))
    columns = (table[name].to_pylist() for name in ("picture", "plate", "code"))
    return list(zip(*columns, strict=True))


def _jsonl(file: Path) -> Rows:
    lines = (json.loads(line) for line in file.read_text().splitlines())
    return [
        (
            line["picture"],
            line["result"] and line["result"]["plate"],
            line["error"] and line["error"]["code"],
        )
        for line in lines
    ]


if __name__ == "__main__":
    sys.exit(main())
