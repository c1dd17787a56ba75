"""Fuzz the service: `python -m tests.fuzz [--requests 10000] [--seed 1]`, run by hand.

Starts it as operators do, with the weights that the environment names, sends requests drawn from
its OpenAPI document and from a corpus of what clients and attackers send, over every route, header
and field, and asks for `/health` all the while. Ends with status 1 after a 5xx (but a 503 with
Retry-After), a probe that failed, an event loop that this process held for more than 100 ms, or a
picture that is not read as usual afterwards.
"""

# ruff: noqa: T201 (a command)

import argparse
import sys
import time

from tests.fuzz.run import run

MOST_MS = 100


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the service.")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    start = time.monotonic()
    found = run(arguments.requests, seed=arguments.seed, environment={})
    print(f"{found.requests:,} requests in {time.monotonic() - start:.0f} s, seed {arguments.seed}")
    print("answers:", dict(sorted(found.statuses.items())))
    print(f"slowest answer: {found.slowest:.2f} s")
    print(f"/health: {found.probes} times, slowest {found.slowest_probe:.2f} s")
    print(
        f"event loop late by at most {found.lag['own_ms']:.0f} ms, {found.lag['cpu_ms']:.0f} ms of "
        f"computing in one turn; with the time other processes had the core "
        f"{found.lag['wall_ms']:.0f} ms; {found.lag['turns']:,} turns"
    )
    for note in found.lag["notes"][:20]:
        print("  late:", note)
    for failure in found.failures:
        print("FAILED:", failure)
    return 1 if found.failures or found.lag["own_ms"] > MOST_MS else 0


if __name__ == "__main__":
    sys.exit(main())
