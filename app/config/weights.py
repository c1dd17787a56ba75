"""Settings: which networks run, and where."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

REPOSITORY = Path(__file__).resolve().parents[2]


class WeightsSettings(BaseSettings):
    """Files or hub names of the networks, and what runs them."""

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
    backend: Literal["auto", "onnxruntime", "openvino"] = Field(
        "auto",
        description="Library that runs the networks on the CPU: `auto` takes OpenVINO where "
        "`ALPR_PRECISION=fast` and the processor has bfloat16 arithmetic, else ONNX Runtime.",
    )
    precision: Literal["exact", "fast"] = Field(
        "exact",
        description="`exact` computes in float32, on ONNX Runtime as fast-alpr to the bit; `fast` "
        "lets OpenVINO multiply bfloat16 where the processor has it.",
    )

    @model_validator(mode="after")
    def _whole_ocr(self) -> Self:
        if (self.ocr_path is None) != (self.ocr_config_path is None):
            raise ValueError("ALPR_OCR_PATH and ALPR_OCR_CONFIG_PATH go together")
        return self

    @model_validator(mode="after")
    def _backend_of_device(self) -> Self:
        if self.device == "cuda" and self.backend == "openvino":
            raise ValueError("ALPR_BACKEND=openvino is for the CPU, ALPR_DEVICE says cuda")
        return self
