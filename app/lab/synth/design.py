"""What a plate is before it is drawn: its serial, colours, size, typeface and frame."""

from dataclasses import dataclass
from typing import Final

from app.lab.synth.typefaces import CAPTION_FONTS, Typeface

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""


@dataclass(frozen=True, slots=True)
class Scheme:
    name: str
    ground: Colour
    ink: Colour
    border: bool = True


BLACK_ON_WHITE: Final = Scheme("black_on_white", (232, 236, 236), (24, 22, 22))
SILVER_ON_BLACK: Final = Scheme("silver_on_black", (26, 24, 24), (188, 186, 182))
WHITE_ON_BLACK: Final = Scheme("white_on_black", (24, 22, 22), (236, 238, 238))
RED_ON_WHITE: Final = Scheme("red_on_white", (232, 236, 236), (36, 28, 190))
BLUE_ON_WHITE: Final = Scheme("blue_on_white", (232, 236, 236), (150, 60, 20))
TRADE_YELLOW: Final = Scheme("trade_yellow", (30, 200, 245), (24, 22, 22))
SCHEMES: Final = {
    scheme.name: scheme
    for scheme in (
        *(BLACK_ON_WHITE, SILVER_ON_BLACK, WHITE_ON_BLACK),
        *(RED_ON_WHITE, BLUE_ON_WHITE, TRADE_YELLOW),
    )
}
"""Those that the series name."""
FOREIGN_SCHEMES: Final = (
    Scheme("foreign_white", (232, 236, 236), (28, 24, 24), border=False),
    Scheme("foreign_yellow", (40, 200, 240), (24, 22, 22), border=False),
    Scheme("foreign_blue", (150, 70, 30), (236, 238, 238)),
    Scheme("foreign_green", (70, 110, 30), (236, 238, 238)),
    Scheme("foreign_blue_ink", (232, 236, 236), (130, 50, 20)),
    Scheme("foreign_red", (40, 30, 160), (236, 238, 238)),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Millimetres. `pitch` is from one character to the next, `cap` the height of characters."""

    name: str
    width: float
    height: float
    cap: float
    pitch: float
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """A dealer's frame or holder: how far it reaches out from the plate, in mm, and its print."""

    top: float
    bottom: float
    side: float
    overlap: float
    colour: Colour
    strip: Colour | None
    print_colour: Colour
    top_text: str
    bottom_text: str


@dataclass(frozen=True, slots=True)
class PlateSpec:
    """All that is to be drawn. `gap_after` is where a wider gap goes, None for none."""

    text: str
    format: str
    scheme: Scheme
    layout: Layout
    face: Typeface
    gap_after: int | None = None
    caption_top: str = ""
    caption_bottom: str = ""
    caption_font: str = CAPTION_FONTS[0]
    frame: Frame | None = None
    bolts: tuple[str, ...] = ()
    band: Colour | None = None
    band_text: str = ""
    side_print: str = ""
    emboss: float = 0.5


def split_serial(text: str) -> int:
    """How many characters the upper row of a plate in two rows holds."""
    kinds = [c.isdigit() for c in text]
    changes = [i for i in range(1, len(text)) if kinds[i] != kinds[i - 1]]
    middle = len(text) / 2
    return min(changes, key=lambda i: abs(i - middle), default=round(middle))


def rows_of(spec: PlateSpec) -> tuple[str, ...]:
    """The serial as its rows show it."""
    if spec.layout.rows == 1:
        return (spec.text,)
    at = split_serial(spec.text)
    return spec.text[:at], spec.text[at:]
