"""What the settings make of the decoder."""

from pathlib import Path

import pytest

from app.building import build_pipeline
from app.config import Settings
from app.errors import ModelCorrupt, ModelMissing
from app.weights.resolve import resolve_weights


@pytest.mark.parametrize(
    ("calibration", "threshold", "expected"),
    [
        ("generic", 0.85, 0.97),
        ("generic", 0.99, 0.99),
        ("cct_xs_v2_global", 0.85, 0.85),
        ("cct_xs_v2_global", 0.5, 0.66987),
    ],
)
def test_the_stricter_threshold_holds(
    settings: Settings, calibration: str, threshold: float, expected: float
) -> None:
    chosen = {
        **{"calibration": calibration, "correction_threshold": threshold},
        "padding": "square",  # the networks are not what this is about
    }
    changed = settings.model_copy(update=chosen)
    decoder = build_pipeline(changed, resolve_weights(changed), threads=1).decoder
    assert decoder.calibration.ocr == calibration
    assert decoder.threshold == pytest.approx(expected, abs=1e-5)


def test_a_calibration_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    for name, error in (("unheard-of", ModelMissing), (str(broken), ModelCorrupt)):
        changed = settings.model_copy(update={"calibration": name})
        with pytest.raises(error, match="calibration"):
            build_pipeline(changed, resolve_weights(changed), threads=1)
