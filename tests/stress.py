"""The whole suite under bad conditions: `python -m tests.stress [ROUNDS]`, run by hand.

Runs it in random order while something else keeps every core busy, and once more on one core.
Ends with status 1 at the first red run and says how to repeat its order. Further arguments go to
pytest.
"""

# ruff: noqa: T201 (a command)

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_OPTIONS = (
    "-q --strict-markers --strict-config -m 'not slow and not image and not ray' "
    "--numprocesses 4 --dist loadfile"
)
_SPIN = "import itertools\nfor _ in itertools.count(): pass"


def main() -> int:
    parser = argparse.ArgumentParser(description="The suite in random order on busy cores.")
    parser.add_argument("rounds", nargs="?", type=int, default=10)
    parser.add_argument("--one-core", action="store_true", help="only the run on one core")
    arguments, to_pytest = parser.parse_known_args()
    cores = os.cpu_count() or 1
    if not arguments.one_core:
        with _busy(cores):
            for number in range(1, arguments.rounds + 1):
                if not _run(f"round {number}, {cores} cores kept busy", [], to_pytest):
                    return 1
    return 0 if _run("one core", ["taskset", "--cpu-list", "0"], to_pytest) else 1


def _run(title: str, prefix: Sequence[str], to_pytest: Sequence[str]) -> bool:
    seed = random.randrange(2**31)
    order = ["-o", f"addopts={_OPTIONS}", "-p", "randomly", f"--randomly-seed={seed}"]
    begun = time.monotonic()
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "pytest", *order, *to_pytest],
        check=False,
        capture_output=True,
        text=True,
    )
    spent = time.monotonic() - begun
    last = done.stdout.strip().splitlines()[-1:] or [""]
    print(f"{title}, seed {seed}: status {done.returncode} in {spent:.0f} s: {last[0]}", flush=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        print("again: pytest", *(f"'{part}'" for part in order))
    return done.returncode == 0


@contextmanager
def _busy(cores: int) -> Iterator[None]:
    """Keep that many cores busy with processes of the same priority."""
    spinning = [subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
