import sys

from app.lab.calibration.command import main

sys.exit(main())
