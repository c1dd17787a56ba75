"""What a plate is before it is drawn: its serial, colours, size, typeface and frame."""

from dataclasses import dataclass
from typing import Final, Literal

from app.lab.synth.plates.typefaces import CAPTION_FONTS, Typeface

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""
Mark = Literal["", "dash", "dot", "seal"]


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
BANDS: Final[tuple[Colour, ...]] = (
    (150, 60, 10),
    (24, 22, 22),
    (30, 24, 150),
    (150, 150, 148),
    (70, 90, 30),
)
"""Of the coloured band at the left of European plates."""


BAND: Final = 42.0
CREST: Final = 34.0
"""Widths in millimetres of what stands at the left of European plates."""


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
    """All that is to be drawn. `gap_after` is where a wider gap goes, None for none, `gap` how much
    wider it is, in pitches, and `mark` what stands in it; a `crest` stands where a `band` could;
    `lower_ground` is the colour into which the ground runs towards the lower
    edge; `caption_size` is the height of the upper caption in millimetres."""

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
    gap: float = 0.5
    mark: Mark = ""
    crest: bool = False
    lower_ground: Colour | None = None
    caption_size: float = 9.0

    @property
    def taken(self) -> float:
        """Millimetres at the left that the serial leaves to a band or a crest."""
        return BAND if self.band is not None else CREST if self.crest else 0.0

    @property
    def wider(self) -> float:
        """Millimetres by which the gap between two groups is wider; rows have none."""
        return (
            self.gap * self.layout.pitch
            if self.gap_after is not None and self.layout.rows == 1
            else 0.0
        )


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
