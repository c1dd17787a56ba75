"""Whether a box shows a plate: decided once, after it was read, from all that is known of it.

The detector's score, how surely the box was read and whether as a plate of New Zealand, whether its
looks agree, its size and its shape are witnesses. A logistic regression weighs them, and another
one the same witnesses for whether the text is right. Both were fitted on boxes of known truth
(`python -m app.lab.decision`), so their probabilities are calibrated ones. One file belongs to one
pair of networks and lies beside them; the generic one is for any other pair.
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Self

GENERIC: Final = "generic"


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What speaks for a plate in a box, each the more the larger it is.

    `score`, `reading` and `lawful` are log odds: of the detector's score, of the confidence of what
    was read, and of its being a New Zealand plate of a series: a personalised one may show nearly
    any text. `characters` counts them, up to five. `agreement` is how alike the two looks are, from
    0 to 1, which is 1 where the first left no doubt. `smallness` is how often the box must be
    doubled to be high enough for any reader: what is large and reads badly is no plate. `shape` is
    0 for the proportions of plates, and falls with the distance from them. `whole` is 0 where the
    picture's edge cuts the box, else 1.
    """

    score: float
    reading: float
    lawful: float
    characters: float
    agreement: float
    smallness: float
    shape: float
    whole: float


NAMES: Final = tuple(field.name for field in fields(Witnesses))


@dataclass(frozen=True, slots=True)
class Weighing:
    """A logistic regression: log odds are the bias and the sum of each witness by its weight."""

    bias: float
    weights: Witnesses

    def probability(self, seen: Witnesses) -> float:
        total = self.bias + sum(getattr(self.weights, name) * getattr(seen, name) for name in NAMES)
        return 0.5 * (1 + math.tanh(0.5 * total))


@dataclass(frozen=True, slots=True)
class PlateDecision:
    """Of a pair of networks, `detector` and `ocr` by name.

    `plate` weighs whether a box shows one, `text` whether what was read, as corrected, is what the
    plate shows. Boxes of at least the detector's score `floor` are read and judged. `method`,
    `data` and `measured` are the record of the fit.
    """

    detector: str
    ocr: str
    floor: float
    plate: Weighing
    text: Weighing
    method: str
    data: str
    measured: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError, which says what is wrong, for anything but what `to_json` writes."""
        try:
            entries: dict[str, Any] = json.loads(text)
            for name in ("plate", "text"):
                entry = entries[name]
                entries[name] = Weighing(**{**entry, "weights": Witnesses(**entry["weights"])})
            read = cls(**entries)
            numbers = [read.floor, *_numbers(read.plate), *_numbers(read.text)]
            fit = all(math.isfinite(number) for number in numbers) and 0 < read.floor < 1
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(repr(error)) from error
        if not fit:
            raise ValueError("its numbers must be finite, and its floor between 0 and 1")
        return read


def _numbers(weighing: Weighing) -> list[float]:
    return [weighing.bias, *asdict(weighing.weights).values()]


def load_decision(source: str) -> PlateDecision:
    """The one kept under a name, or that of a ``.json`` file at that path.

    Raises LookupError where there is none, ValueError for a file that is none.
    """
    place = Path(source) if source.endswith(".json") else _kept(source)
    if not place.is_file():
        raise LookupError(f"There is no decision {source}.")
    try:
        return PlateDecision.from_json(place.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{source} is no decision about plates: {error}") from error


def _kept(name: str) -> Traversable:
    return resources.files("app.vision") / "decisions" / f"{name}.json"
