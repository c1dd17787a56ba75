"""The console in a browser, by what people do with it."""

import base64
import mimetypes
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

__all__ = ["Browser", "BrowserContext", "Console", "Locator", "Scheme", "find_chromium", "launch"]

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
)
SECONDS = 120
"""For what should happen at once: a machine with much else to do may take long over it."""
_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""
_GIVE_KEY = """(key) => new Promise((resolve) => {
  document.getElementById("key-dialog").addEventListener("close", resolve, { once: true });
  document.getElementById("key-button").click();
  document.getElementById("key-input").value = key;
  document.getElementById("key-form").requestSubmit();
})"""
_FILES = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  return transfer;
}"""
_PASTE = """(transfer) => document.dispatchEvent(
  new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }))"""
_AXE = """async () => (await axe.run()).violations.map(
  ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(" | ")}`)"""

Scheme = Literal["light", "dark"]
Picture = tuple[str, bytes]
"""Name and content of a file, which may be a video."""


def _media_type(name: str) -> str:
    guess = mimetypes.guess_type(name)[0] or ""
    return guess if guess.startswith("video/") else "image/jpeg"


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def launch(chromium: str, camera: Path | None = None) -> Iterator[Browser]:
    """A browser whose camera shows `camera`, a baseline JPEG named *.mjpeg, or a test card."""
    seen = () if camera is None else (f"--use-file-for-fake-video-capture={camera}",)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *seen])
        yield browser
        browser.close()


class Console:
    """The page in a tab of its own, with nothing stored before."""

    def __init__(
        self,
        context: BrowserContext,
        url: str,
        *,
        key: str | None,
        width: int = 1280,
        height: int = 860,
        scheme: Scheme = "light",
        at: str = "/",
    ) -> None:
        self.url = url
        self.shots: Path | None = None
        self.errors: list[str] = []
        self.requested: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SECONDS * 1e3)
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=scheme)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.add_init_script(_WATCH)
        self.page.goto(url + at)
        if key is not None:
            self.page.evaluate(_GIVE_KEY, key)

    def close(self) -> None:
        """Close the tab; asserts that the page kept to its policy."""
        violations = self.page.evaluate("window.violations")
        self.page.close()
        assert not self.errors, self.errors
        assert not violations, violations
        mine = (self.url, "blob:", "data:")
        foreign = [address for address in self.requested if not address.startswith(mine)]
        assert not foreign, foreign

    @contextmanager
    def offline(self) -> Iterator[None]:
        """No tab reaches the service meanwhile."""
        self.page.context.set_offline(True)
        try:
            yield
        finally:
            self.page.context.set_offline(False)

    def give_key(self, key: str) -> None:
        self.page.get_by_role("button", name="Enter key").click()
        self.page.get_by_label("The key this service was started with").fill(key)
        self.page.get_by_role("button", name="Use key").click()

    def choose(self, *pictures: Picture) -> None:
        payload: Any = [
            {"name": name, "mimeType": _media_type(name), "buffer": data} for name, data in pictures
        ]
        self.page.set_input_files("#file-input", payload)

    def drop(self, *pictures: Picture) -> None:
        transfer = self._transfer(pictures)
        for kind in ("dragover", "drop"):
            self.page.dispatch_event("main", kind, {"dataTransfer": transfer})

    def paste(self, *pictures: Picture) -> None:
        self.page.evaluate(_PASTE, self._transfer(pictures))

    def _transfer(self, pictures: tuple[Picture, ...]) -> Any:
        encoded = [
            (name, _media_type(name), base64.b64encode(data).decode()) for name, data in pictures
        ]
        return self.page.evaluate_handle(_FILES, encoded)

    def get_by(self, role: Any, name: str) -> Locator:
        return self.page.get_by_role(role, name=name)

    def plate(self, text: str) -> Locator:
        """The large plate of the result with this text on it."""
        return self.page.locator(".hero").get_by_role("img", name=f"Plate {' '.join(text)}")

    def wait_for_plate(self, text: str) -> None:
        self.plate(text).wait_for()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def open_code(self, name: Literal["json", "curl"]) -> str:
        self.page.locator(f"#code-{name} summary").click()
        return self.text(f"#code-{name} pre")

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        pixels: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return pixels

    def call(self, module: str, expression: str, argument: Any = None) -> Any:
        """Evaluate an expression of `module`, one of the console's modules, and `argument`."""
        script = f"async (argument) => {{ const module = await import('/console/{module}'); "
        return self.page.evaluate(f"{script} return {expression}; }}", argument)

    def axe(self) -> list[str]:
        """What axe finds wrong, whatever its weight."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
        found: list[str] = self.page.evaluate(_AXE)
        return found

    def shoot(self, name: str) -> None:
        """Keep a screenshot where the caller of the tests asked for them."""
        if self.shots is not None:
            self.shots.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.shots / f"{name}.png", full_page=True)
