"""Settings that contradict themselves do not start."""

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from app.config import Settings
from app.config.variables import unknown_variables


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("ALPR_MIN_CONFIDENCE", "1.1"), ("ALPR_MIN_CONFIDENCE", "-0.1"), ("ALPR_PORT", "70000")),
        *(("ALPR_AUTH", "maybe"), ("ALPR_DEVICE", "tpu"), ("ALPR_WORKERS", "0")),
        *(("ALPR_MAX_IN_FLIGHT", "0"), ("ALPR_DEADLINE", "0"), ("ALPR_ENHANCE", "yes")),
        *(("ALPR_CORS_ORIGINS", "*"), ("ALPR_CORS_ORIGINS", "https://a.example,*")),
        *(("ALPR_LOG_LEVEL", "LOUD"), ("ALPR_LOG_FORMAT", "xml"), ("ALPR_OCR_PATH", "a.onnx")),
        *(("ALPR_FURTHEST_ISSUED", "rp"), ("ALPR_FURTHEST_ISSUED", "I"), ("ALPR_PORT", "http")),
        *(("ALPR_FURTHEST_ISSUED", ""), ("ALPR_FURTHEST_ISSUED", "RPAA")),
        *(("ALPR_CORS_ORIGINS", "a.example"), ("ALPR_CORS_ORIGINS", "https://a.example/")),
        *(("ALPR_URL_PRIVATE_HOSTS", "http://camera.lan"), ("ALPR_URL_PRIVATE_HOSTS", "a/b")),
        *(("ALPR_URL_PRIVATE_HOSTS", "camera.lan:80"), ("ALPR_URL_PRIVATE_HOSTS", "me@a")),
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
    monkeypatch.setenv("ALPR_URL_PRIVATE_HOSTS", "camera.lan,10.0.0.5,fd00::5")
    settings = Settings()
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.url_private_hosts == ("camera.lan", "10.0.0.5", "fd00::5")


def test_a_smaller_limit_alone_is_a_setting_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPR_MAX_IN_FLIGHT", "8")
    assert Settings().max_in_flight == 8


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_every_number_is_finite(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = Settings.model_fields.items()
    names = [name for name, field in fields if float in (field.annotation, *_inside(field))]
    assert len(names) > 10
    for name in names:
        with monkeypatch.context() as patch:
            patch.setenv(f"ALPR_{name.upper()}", value)
            with pytest.raises(ValidationError):
                Settings()


def _inside(field: FieldInfo) -> tuple[object, ...]:
    return get_args(field.annotation)


def test_a_key_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(OSError, match="keys is no text file"):
        Settings(api_keys_file=file).keys()


def test_names_that_are_no_settings_are_told_without_their_values() -> None:
    known = ["ALPR_PORT", "alpr_port", "ALPR_API_KEYS", "API_KEY", "PATH", "ALPRX"]
    assert unknown_variables(known) == []
    assert unknown_variables({"ALPR_API_KEY": "hidden", "ALPR_ZZZZZZ": ""}) == [
        "ALPR_API_KEY is no setting and has no effect; did you mean ALPR_API_KEYS?",
        "ALPR_ZZZZZZ is no setting and has no effect.",
    ]
