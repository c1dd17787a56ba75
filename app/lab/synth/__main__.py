"""Draw plates from the command line; run with --help for the commands."""

import sys

from app.lab.synth.cli import main

if __name__ == "__main__":
    sys.exit(main())
