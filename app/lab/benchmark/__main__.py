"""`python -m app.lab.benchmark passes`: what is measured of single parts."""

import argparse
import sys

from app.lab.benchmark import decoding, edge, notify, passes, sustained
from app.lab.benchmark.capacity import command as capacity

parser = argparse.ArgumentParser(prog="python -m app.lab.benchmark")
configure = parser.add_subparsers(required=True, metavar="WHAT")
passes.configure(configure.add_parser("passes", help="searches among a million passes on SQLite"))
sustained.configure(configure.add_parser("sustained", help="passes kept at a steady rate"))
notify.configure(configure.add_parser("notify", help="readings beside receivers that are dead"))
decoding.configure(configure.add_parser("decoding", help="large JPEGs at parts of their size"))
edge.configure(configure.add_parser("edge", help="one core and 1 GiB: start, memory, writes"))
capacity.configure(configure.add_parser("capacity", help="how many replicas for how much load"))
arguments = parser.parse_args()
sys.exit(arguments.run(arguments))
