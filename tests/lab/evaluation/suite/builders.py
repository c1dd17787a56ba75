"""Measured sets made by hand."""

from app.lab.evaluation.results import Evaluation
from app.lab.evaluation.suite.measuring import Measured
from app.lab.evaluation.suite.provenance import Provenance
from app.lab.evaluation.suite.sets import LoadedSet

SET = LoadedSet("other-hand", (), (), recall_only=False, abroad=False, checksum="c0ffee")
PROVENANCE = Provenance("0.1.0", "own+own", "d", "o", {"ocr": "1"}, "code", {}, {"detail": "auto"})


def measured(
    result: Evaluation, provenance: Provenance = PROVENANCE, loaded: LoadedSet = SET
) -> Measured:
    return Measured(loaded, result, provenance)
