"""Which networks a pair is."""

from pathlib import Path

import pytest

from app.config import Settings
from app.errors import InvalidRequest, ModelMissing
from app.lab.evaluation.suite.pairs import PAIRS, Pair, checksums, choose_pairs, settings_of
from app.vision.decision import GENERIC
from app.weights.hub import DEFAULT_PAIR
from app.weights.resolve import Weights, resolve_weights

OWN, HUB = Pair("own", "own"), Pair("hub", "hub")


def test_each_network_is_chosen_for_itself() -> None:
    assert [str(pair) for pair in PAIRS] == ["own+own", "own+hub", "hub+own", "hub+hub"]
    assert choose_pairs(["hub+own", "own+own"]) == [OWN, Pair("hub", "own")]
    with pytest.raises(InvalidRequest, match="own\\+hub"):
        choose_pairs(["own"])


def test_without_a_word_of_the_settings_the_hub_is_its_default_pair() -> None:
    found = settings_of(HUB, Settings())
    assert (found.detector_model, found.ocr_model) == DEFAULT_PAIR
    mixed = settings_of(Pair("own", "hub"), Settings())
    assert (mixed.detector_model, mixed.ocr_model) == (None, DEFAULT_PAIR[1])
    with pytest.raises(ModelMissing):
        resolve_weights(found.model_copy(update={"model_dir": Path("nowhere")}))


def test_the_networks_of_the_settings_are_the_hubs(hub_settings: Settings) -> None:
    def found(pair: Pair) -> Weights:
        return resolve_weights(settings_of(pair, hub_settings))

    names = {str(pair): (found(pair).detector.source, found(pair).ocr.source) for pair in PAIRS}
    assert names == {
        "own+own": ("own", "own"),
        "own+hub": ("own", "path"),
        "hub+own": ("path", "own"),
        "hub+hub": ("path", "path"),
    }
    assert [found(pair).decision == GENERIC for pair in PAIRS] == [False, True, True, True]
    sums = [checksums(found(pair)) for pair in PAIRS]
    assert sums[0]["detector"] == sums[1]["detector"] != sums[2]["detector"]
    assert sums[0]["ocr"] == sums[2]["ocr"] != sums[1]["ocr"]
    assert sums[0]["decision"] != sums[1]["decision"] == sums[2]["decision"]


@pytest.mark.parametrize(
    ("decision", "judged"),
    [("detector", ["detector"] * 4), ("mine.json", [None, GENERIC, GENERIC, "mine.json"])],
)
def test_a_decision_in_a_file_is_that_of_one_pair(decision: str, judged: list[str | None]) -> None:
    names = {"detector_model": DEFAULT_PAIR[0], "ocr_model": DEFAULT_PAIR[1]}
    settings = Settings().model_copy(update={**names, "decision": decision, "calibration": "mine"})
    found = [settings_of(pair, settings) for pair in PAIRS]
    assert [one.decision for one in found] == judged
    assert [one.calibration for one in found] == [None, "mine", None, "mine"]
