"""What of a pass may be kept."""

from dataclasses import replace
from typing import Literal

from app.config import Settings
from app.passes.records import NewPass
from app.passes.store.texts import fold, hashed

Pictures = Literal["off", "crop", "frame"]


class Privacy:
    """Applied before anything is written, to the backlog too."""

    def __init__(self, *, pictures: Pictures, hash_key: bytes | None) -> None:
        """`hash_key`: keep hashes with this key instead of plates, and no picture."""
        self._pictures: Pictures = "off" if hash_key is not None else pictures
        self._hash_key = hash_key

    @classmethod
    def of(cls, settings: Settings) -> "Privacy":
        key = settings.store_hash_key if settings.store_plates == "hashed" else None
        return cls(
            pictures=settings.store_pictures,
            hash_key=None if key is None else key.get_secret_value().encode(),
        )

    @property
    def has_texts(self) -> bool:
        return self._hash_key is None

    def key(self, folded: str) -> str:
        """What passes with that plate are found by."""
        return folded if self._hash_key is None else hashed(folded, self._hash_key)

    def allowed(self, passing: NewPass) -> NewPass:
        """Without what may not be kept; of a plate only the hash, in its place."""
        passing = replace(
            passing,
            crop=None if self._pictures == "off" else passing.crop,
            frame=passing.frame if self._pictures == "frame" else None,
        )
        if self._hash_key is None:
            return passing
        kept = ("frames", "reads", "agreeing", "direction", "detection_confidence")
        return replace(
            passing,
            plate=self.key(fold(passing.plate)),
            candidates=(),
            texts={},
            evidence=None,
            detail={name: passing.detail[name] for name in kept if name in passing.detail},
        )

    def plate(self, allowed: NewPass) -> str | None:
        return allowed.plate if self.has_texts else None

    def key_of(self, allowed: NewPass) -> str:
        return fold(allowed.plate) if self.has_texts else allowed.plate

    def texts(self, allowed: NewPass) -> dict[str, float]:
        """Folded texts that it may show, each with its probability, or share of the reads times
        none: what was read says only where to look."""
        return shown_texts(allowed) if self.has_texts else {}


def shown_texts(passing: NewPass) -> dict[str, float]:
    """As `Privacy.texts`, of a pass with its texts."""
    found = {fold(text): 0.0 for text in passing.texts}
    for candidate in passing.candidates:
        folded = fold(candidate.plate)
        found[folded] = found.get(folded, 0.0) + candidate.probability
    folded = fold(passing.plate)
    found[folded] = max(found.get(folded, 0.0), passing.confidence)
    return {text: probability for text, probability in found.items() if text}
