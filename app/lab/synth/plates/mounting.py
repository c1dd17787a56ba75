"""What holds a plate, at random: bolts and a dealer's frame."""

from typing import Final

import numpy as np

from app.lab.synth.chance import choose, phrase
from app.lab.synth.plates.design import Frame

_WORDS: Final = (
    "MOTORS AUTO CARS CITY NORTH SOUTH VALUE PRIME DRIVE COAST HARBOUR VALLEY GROUP DEALER "
    "EUROPEAN IMPORTS SALES SERVICE CENTRAL WHOLESALE VEHICLES RIVER HILL ISLAND PACIFIC "
    "www.example.co.nz 0800 CAR LAND TRADE QUALITY SINCE 1987 SMART BAY"
)


def draw_frame(rng: np.random.Generator) -> Frame:
    """Half of them print on the frame itself, the others on light strips."""
    black = int(rng.integers(12, 40))
    strip = None if rng.random() < 0.55 else (215, 218, 218)
    bare = rng.random() < 0.25
    return Frame(
        top=float(rng.uniform(3, 16)),
        bottom=float(rng.uniform(6, 24)) if not bare else float(rng.uniform(3, 8)),
        side=float(rng.uniform(3, 10)),
        overlap=float(rng.uniform(1, 7)),
        colour=(black, black, black) if rng.random() < 0.9 else (170, 172, 175),
        strip=None if bare else strip,
        print_colour=(200, 205, 208) if strip is None else (35, 30, 30),
        top_text="" if bare or rng.random() < 0.5 else phrase(rng, _WORDS),
        bottom_text="" if bare else phrase(rng, _WORDS),
    )


def draw_bolts(rng: np.random.Generator) -> tuple[str, ...]:
    """Two at the top mostly, sometimes none that shows, or four."""
    kinds = ("zinc", "black", "rust", "white", "hole")
    weights = (0.3, 0.25, 0.15, 0.1, 0.2)
    count = int(choose(rng, ("0", "2", "4"), (0.12, 0.7, 0.18)))
    first = choose(rng, kinds, weights)
    return tuple(first if rng.random() < 0.7 else choose(rng, kinds, weights) for _ in range(count))
