"""Several looks at one plate."""

from dataclasses import replace

import pytest

from app.nz.calibration import load_calibration
from app.nz.decoder import PlateDecoder
from app.video.fusion import KEPT, Look, PlateFusion
from tests.nz.test_decoder import ALPHABET, distributions


@pytest.fixture(scope="module")
def decoder() -> PlateDecoder:
    calibration = load_calibration("nz-mobile-vit-v2-ocr")
    return PlateDecoder(ALPHABET, "_", threshold=0.85, calibration=calibration)


def look(
    decoder: PlateDecoder,
    text: str,
    mistakes: dict[int, tuple[str, float]] | None = None,
    *,
    confidence: float = 0.95,
    height: int = 40,
    sharpness: float = 1.0,
) -> Look:
    """What an OCR tells that reads the text, or something else in some of the slots."""
    slots = distributions(text, mistakes or {})
    reading = decoder.decode(slots)
    plates = tuple(candidate.plate for candidate in reading.candidates)
    answer = reading.corrected_plate or reading.raw
    evidence = (decoder.evidence(slots),)
    return Look(0.0, reading.raw, answer, plates, confidence, evidence, height, sharpness)


def test_nothing_seen(decoder: PlateDecoder) -> None:
    assert PlateFusion(decoder).reading() is None


def test_mistakes_in_different_places_are_outvoted(decoder: PlateDecoder) -> None:
    fusion = PlateFusion(decoder)
    for place, wrong in ((0, "R"), (2, "N"), (5, "7")):
        fusion.add(look(decoder, "KLM482", {place: (wrong, 0.8)}))
    reading = fusion.reading()
    assert reading is not None
    assert (reading.plate, reading.reads) == ("KLM482", 3)
    assert reading.candidates[0].plate == "KLM482"
    assert reading.validation.format == "standard"
    assert sum(reading.raw_reads.values()) == 3


def test_a_character_that_is_dropped_shifts_nothing(decoder: PlateDecoder) -> None:
    fusion = PlateFusion(decoder)
    for text in ("KLM482", "KM482", "KLM42", "KLM482"):
        fusion.add(look(decoder, text))
    reading = fusion.reading()
    assert reading is not None
    assert (reading.plate, reading.agreeing) == ("KLM482", 2)
    assert reading.confidence > 0.9
    assert reading.raw_reads == {"KLM482": 2, "KM482": 1, "KLM42": 1}


def test_a_blurred_frame_that_is_sure_does_not_win(decoder: PlateDecoder) -> None:
    fusion = PlateFusion(decoder)
    for _ in range(3):
        fusion.add(look(decoder, "KLM482"))
    fusion.add(look(decoder, "XYZ999", sharpness=0.05, height=12))
    reading = fusion.reading()
    assert reading is not None
    assert (reading.plate, reading.agreeing, reading.reads) == ("KLM482", 3, 4)


def test_a_foreign_plate_stays_as_it_was_read(decoder: PlateDecoder) -> None:
    fusion = PlateFusion(decoder)
    for _ in range(4):
        fusion.add(look(decoder, "34A36837"))
    reading = fusion.reading()
    assert reading is not None
    assert (reading.plate, reading.agreeing) == ("34A36837", 4)
    assert not reading.validation.valid
    assert reading.confidence > 0.9
    assert reading.candidates == ()


def test_a_foreign_text_is_as_sure_as_its_looks_agree(decoder: PlateDecoder) -> None:
    """Looks may be sure, one by one, and of different texts."""

    def confidence(*texts: str) -> float:
        fusion = PlateFusion(decoder)
        for text in texts:
            fusion.add(look(decoder, text, confidence=0.99))
        reading = fusion.reading()
        assert reading is not None
        assert not reading.validation.valid
        return reading.confidence

    one, other = "89C20339", "B9C20339"
    assert confidence(*[one] * 8) > 0.98
    assert confidence(*[one] * 8, other) > 0.9
    assert confidence(*[one] * 8, *[other] * 7) < 0.5
    various = [f"{letter}9C2O339" for letter in "HPRVQDGWEFKLM"]
    assert confidence(one, one, *various) < confidence(one, one, one, *various) < 0.95


def test_both_crops_of_a_look_count(decoder: PlateDecoder) -> None:
    """Where the one with a margin is wrong, the other is not forgotten."""
    right, wrong = (look(decoder, "KLM482", {1: ("E", share)}) for share in (0.0, 0.9))
    fusion = PlateFusion(decoder)
    for _ in range(3):
        fusion.add(replace(wrong, text="KLM482", evidence=(*right.evidence, *wrong.evidence)))
    reading = fusion.reading()
    assert reading is not None
    assert reading.plate == "KLM482"


def test_of_texts_nearly_as_likely_the_one_read_twice() -> None:
    decoder = PlateDecoder(ALPHABET, "_", threshold=0.85)  # whose doubts no release changes
    doubtful = look(decoder, "KLM482", {1: ("E", 0.55)})
    fusion = PlateFusion(decoder)
    for plate in ("KEM482", "KFM482"):
        fusion.add(replace(doubtful, text="KLM482", plates=(plate,)))
    reading = fusion.reading()
    assert reading is not None
    assert (reading.plate, reading.agreeing) == ("KLM482", 2)
    assert reading.confidence < 0.5


def test_confidence_grows_with_agreement_and_falls_with_doubt(decoder: PlateDecoder) -> None:
    def confidence(*texts: str) -> float:
        fusion = PlateFusion(decoder)
        for text in texts:
            fusion.add(look(decoder, text, {1: ("I", 0.4)}))
        reading = fusion.reading()
        assert reading is not None
        return reading.confidence

    assert confidence("KLM482", "KLM482") > confidence("KLM482")
    assert confidence("KLM482", "KRN402") < confidence("KLM482", "KLM482")


def test_a_parked_vehicle_does_not_fill_the_memory(decoder: PlateDecoder) -> None:
    fusion = PlateFusion(decoder)
    seen, weak = look(decoder, "KLM482"), look(decoder, "KLM402", confidence=0.4)
    for _ in range(KEPT + 20):
        fusion.add(weak)
        fusion.add(seen)
    reading = fusion.reading()
    assert reading is not None
    assert (reading.plate, reading.reads) == ("KLM482", 2 * KEPT + 40)
    assert len(fusion._looks) == KEPT
