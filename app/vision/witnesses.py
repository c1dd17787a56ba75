"""What a box that was read says of itself: the witnesses of `app.vision.decision`."""

import math
from difflib import SequenceMatcher
from typing import Final

from app.nz.decoder import Reading
from app.nz.series import PERSONALISED
from app.vision.decision import Witnesses
from app.vision.types import Box, Looks

_SUREST: Final = 0.999
"""Probabilities beyond it, and below its complement, are all the same: no network earns more."""
_HEIGHTS: Final = (6, 48)
"""Pixels below which nothing can be read and above which size says no more."""
_ASPECTS: Final = (1.1, 6.0)
"""Width over height of boxes around plates, leaning ones included."""
_MANY: Final = 5


def witnesses_of(score: float, box: Box, looks: Looks, reading: Reading, *, cut: bool) -> Witnesses:
    """Those of a box that was read; `score` is the detector's, and the box has an area."""
    in_series = (each for each in reading.candidates if each.format != PERSONALISED)
    lowest, highest = _HEIGHTS
    narrow, wide = _ASPECTS
    return Witnesses(
        score=_log_odds(score),
        reading=_log_odds(looks.decoded.confidence),
        lawful=0.0 if cut else _log_odds(sum(each.probability for each in in_series)),
        characters=float(min(len(looks.first.text), _MANY)),
        agreement=_agreement(looks),
        smallness=math.log2(highest / min(max(box.height, lowest), highest)),
        shape=-abs(math.log2(box.aspect / min(max(box.aspect, narrow), wide))),
        whole=float(not cut),
    )


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1 - _SUREST), _SUREST)
    return math.log(bounded / (1 - bounded))


def _agreement(looks: Looks) -> float:
    if looks.wider is None:
        return 1.0
    return SequenceMatcher(None, looks.first.text, looks.wider.text, autojunk=False).ratio()
