"""How often strangers are let in, and owners refused.

A stranger gets in where a gate opens for another plate than the vehicle's, and that one is listed.
For lists drawn from the plates of New Zealand the chance of that is known, and needs no drawing:
1 - (1 - p)^n, where p is how often plates are that one. So what is measured is how often a gate
would open for a wrong plate if it were listed; what lists of any length make of it is computed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.lab.evaluation.figures.rates import Rate, rate
from app.lab.evaluation.gates.seen import Seen
from app.passes.store.texts import fold, neighbours, spellings

THRESHOLDS: Final = (0.5, 0.9, 0.95, 0.98, 0.99, 0.999)
SIZES: Final = (100, 1000, 10_000)

Share = Callable[[str], float]
"""How often plates of New Zealand show a text."""


@dataclass(frozen=True, slots=True)
class ListRisk:
    """Of strangers that are let in by lists of `size` plates.

    `random` lists are drawn from all plates; `random_high` is that for the upper end of the
    interval of `wrong`. `near` lists are drawn from plates that readers take for the stranger's.
    """

    size: int
    random: float
    random_high: float
    near: float


@dataclass(frozen=True, slots=True)
class GateRates:
    """`refused` are owners, `wrong` vehicles for another plate than whose a gate would open."""

    threshold: float
    refused: Rate
    wrong: Rate
    risks: tuple[ListRisk, ...]


def gate_rates(
    seen: Sequence[Seen], share: Share, *, min_reads: int, threshold: float
) -> GateRates:
    opens = [opened_for(each, min_reads=min_reads, threshold=threshold) for each in seen]
    owned = [(each.truth, plates) for each, plates in zip(seen, opens, strict=True) if each.truth]
    refused = rate(sum(truth not in plates for truth, plates in owned), len(owned))
    wrong = [plates - {each.truth or ""} for each, plates in zip(seen, opens, strict=True)]
    misread = rate(sum(map(bool, wrong)), len(seen))
    typical = [share(truth) for truth, _ in owned]
    risks = []
    for size in SIZES:
        random = [_listed([share(plate) for plate in plates], size) for plates in wrong]
        usual = np.mean([_listed([each], size) for each in typical]) if typical else 1.0
        near = [
            _near(each.truth, plates, size, share) for each, plates in zip(seen, wrong, strict=True)
        ]
        risks.append(
            ListRisk(
                size,
                float(np.mean(random)) if random else 0.0,
                float(misread.high * usual),
                float(np.mean(near)) if near else 0.0,
            )
        )
    return GateRates(threshold, refused, misread, tuple(risks))


def opened_for(seen: Seen, *, min_reads: int, threshold: float) -> set[str]:
    """Plates for which a gate would open if they were listed."""
    return {
        event.plate
        for event in seen.tellings
        if event.evidence is not None
        and event.detail["agreeing"] >= min_reads
        and event.confidence >= threshold
    }


def _listed(shares: Sequence[float], size: int) -> float:
    """Chance that one of some plates is on a list of so many plates drawn at random."""
    return 1.0 - float(np.prod([(1.0 - each) ** size for each in shares]))


def _near(truth: str | None, wrong: set[str], size: int, share: Share) -> float:
    """The same of a list drawn from the plates that the stranger's is mistaken for, all of them
    where they are fewer."""
    if truth is None or not wrong:
        return 0.0
    near = {
        text for folded in neighbours(fold(truth)) for text in spellings(folded) if share(text) > 0
    } - {truth}
    drawn = min(1.0, size / max(len(near), 1))
    return max(drawn if plate in near else _listed([share(plate)], size) for plate in wrong)
