import sys

from app.lab.decision.command import main

if __name__ == "__main__":
    sys.exit(main())
