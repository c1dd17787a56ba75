"""How probable it is that a pass shows another plate than the one it was read as."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from app.nz.evidence import Evidence
from app.passes.store.texts import spellings

Prior = Callable[[str, bool], float]
"""How often plates show a text, given whether it is a small plate."""

_KEPT: Final = 50_000
_HIGHEST: Final = 50.0


class Priors:
    """Those asked for before; each takes a while."""

    def __init__(self, prior: Prior) -> None:
        self._prior = prior
        self._known: dict[tuple[str, bool], dict[str, float]] = {}

    def spellings(self, folded: str, small: bool) -> dict[str, float]:
        """What a folded text may be written as, with its priors."""
        key = folded, small
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = {text: self._prior(text, small) for text in spellings(folded)}
            self._known[key] = found
        return found


def weigh(
    evidence: Evidence,
    asked: Sequence[str],
    *,
    answer: str,
    confidence: float,
    small_plate: bool,
    floor: float,
    priors: Priors,
) -> list[float]:
    """Probabilities of the texts asked, by Bayes from that of the answer: all other texts, those
    that nobody lists included, cancel. Texts are folded; the answer is none of those asked.

    `floor` is how low the logarithm of a text's likelihood may fall below that of the answer.
    """
    written = [priors.spellings(text, small_plate) for text in (answer, *asked)]
    logs = evidence.log_likelihoods([text for each in written for text in each])
    with np.errstate(divide="ignore"):
        logs = logs + np.log([prior for each in written for prior in each.values()])
    ends = np.cumsum([len(each) for each in written])
    theirs, *ours = (
        float(np.logaddexp.reduce(part)) for part in np.split(logs, ends[:-1].tolist())
    )
    if not math.isfinite(theirs):
        return [0.0] * len(asked)
    total = sum(written[0].values())
    found = []
    for log, each in zip(ours, written[1:], strict=True):
        ratio = log - theirs
        if math.isfinite(floor) and (share := sum(each.values())) > 0:
            ratio = max(ratio, floor + math.log(share / total))
        odds = confidence * math.exp(min(ratio, _HIGHEST))
        found.append(min(odds, 1 - confidence))
    return found
