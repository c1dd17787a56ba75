"""Settings that contradict themselves do not start."""

import pytest
from pydantic import ValidationError

from app.config import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("ALPR_MIN_CONFIDENCE", "1.1"), ("ALPR_MIN_CONFIDENCE", "-0.1"), ("ALPR_PORT", "70000")),
        *(("ALPR_AUTH", "maybe"), ("ALPR_DEVICE", "tpu"), ("ALPR_WORKERS", "0")),
        *(("ALPR_MAX_IN_FLIGHT", "0"), ("ALPR_DEADLINE", "0"), ("ALPR_ENHANCE", "yes")),
        *(("ALPR_CORS_ORIGINS", "*"), ("ALPR_CORS_ORIGINS", "https://a.example,*")),
        *(("ALPR_LOG_LEVEL", "LOUD"), ("ALPR_LOG_FORMAT", "xml"), ("ALPR_OCR_PATH", "a.onnx")),
        *(("ALPR_MIN_ASPECT_RATIO", "8"), ("ALPR_CORRECTION_THRESHOLD", "0.3")),
    ],
)
def test_values_that_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPR_API_KEYS", "key-of-the-config")
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert "key-of-the-config" not in str(refusal.value)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPR_CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("ALPR_URL_PRIVATE_HOSTS", "camera.lan,10.0.0.5")
    settings = Settings()
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.url_private_hosts == ("camera.lan", "10.0.0.5")


def test_a_smaller_limit_alone_is_a_setting_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPR_MAX_IN_FLIGHT", "8")
    assert Settings().max_in_flight == 8


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
