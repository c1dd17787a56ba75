"""Settings: which networks run, and where."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

REPOSITORY = Path(__file__).resolve().parents[2]


class WeightsSettings(BaseSettings):
    """Files or hub names of the networks, and their device."""

    detector_path: Path | None = Field(None, description="Detector ONNX file.")
    ocr_path: Path | None = Field(None, description="OCR ONNX file.")
    ocr_config_path: Path | None = Field(
        None, description="Plate config (YAML) of the OCR; needed with `ALPR_OCR_PATH`."
    )
    detector_model: str | None = Field(
        None, description="Hub name of the detector, fetched before into the model directory."
    )
    ocr_model: str | None = Field(
        None, description="Hub name of the OCR, fetched before into the model directory."
    )
    model_dir: Path = Field(
        REPOSITORY / "models" / "hub", description="Where fetched hub weights lie."
    )
    device: Literal["cpu", "cuda"] = Field(
        "cpu", description="`cuda` needs onnxruntime-gpu; there is no silent fallback."
    )

    @model_validator(mode="after")
    def _whole_ocr(self) -> Self:
        if (self.ocr_path is None) != (self.ocr_config_path is None):
            raise ValueError("ALPR_OCR_PATH and ALPR_OCR_CONFIG_PATH go together")
        return self
