"""Draw the console's own pictures: `python -m tests.console.screenshots`.

Writes app/console/sample.jpg, then docs/console.png and docs/console-phone.png from a service
started with the weights that the environment names, or the project's own.
"""

import io
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from app.api.routes.console import DIRECTORY
from app.lab.synth.plates.spec import draw_spec
from app.lab.synth.scenes.scene import draw_scene
from tests.console.browser import Browser, Console, Scheme, find_chromium, launch
from tests.servers import REPOSITORY, Server

KEY = "for-the-screenshots"
CARS = {"KLM482": 8, "ABC123": 12, "QRS7": 9, "DEF45": 4}
"""Invented plates and the seeds of the scenes around them; the first is the console's sample."""
LARGEST = 200_000
"""Bytes of a picture in the README."""


def scene(plate: str) -> bytes:
    """A drawn car as JPEG."""
    rng = np.random.default_rng(CARS[plate])
    picture, _ = draw_scene(rng, spec=draw_spec(rng, plate, "standard"))
    out = io.BytesIO()
    Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).save(
        out, "JPEG", quality=82, optimize=True, progressive=True
    )
    return out.getvalue()


def shoot(
    browser: Browser, url: str, path: Path, *, width: int, height: int, scheme: Scheme
) -> None:
    """One screenshot of a queue of all cars, with as many colours as fit into LARGEST bytes."""
    context = browser.new_context()
    console = Console(context, url, key=KEY, width=width, height=height, scheme=scheme)
    console.choose(*[(f"gate-{seed:02}.jpg", scene(plate)) for plate, seed in CARS.items()])
    console.page.locator("#progress-text", has_text=f"{len(CARS)} of {len(CARS)}").wait_for()
    console.page.locator(".cut-out").wait_for()
    picture = Image.open(io.BytesIO(console.page.screenshot())).convert("RGB")
    console.close()
    context.close()
    for colours in (256, 192, 128, 96, 64):
        picture.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=2).save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    raise ValueError(f"{path} does not fit into {LARGEST} bytes")


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        sys.stderr.write("chromium is needed (apt-get install chromium)\n")
        return 1
    (DIRECTORY / "sample.jpg").write_bytes(scene(next(iter(CARS))))
    docs = REPOSITORY / "docs"
    docs.mkdir(exist_ok=True)
    with Server({"ALPR_API_KEYS": KEY}) as server, launch(chromium) as browser:
        desktop, phone = docs / "console.png", docs / "console-phone.png"
        shoot(browser, server.url, desktop, width=1280, height=1070, scheme="light")
        shoot(browser, server.url, phone, width=360, height=900, scheme="dark")
    return 0


if __name__ == "__main__":
    sys.exit(main())
