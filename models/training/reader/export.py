"""The trained reader as the ONNX file and plate config that fast-plate-ocr loads.

`input` (n, 70, 140, 1) uint8 grey to `plate` (n, 9, 37) float32 probabilities.
"""

import copy
import io
from pathlib import Path
from typing import Any

import onnx
import torch

from models.training.common.slots import HEIGHT, WIDTH, plate_config

OPSET = 17


class _Deployed(torch.nn.Module):
    def __init__(self, network: Any, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, images: Any) -> Any:
        logits, _ = self.network(images.permute(0, 3, 1, 2).float())
        return (logits / self.temperature).softmax(-1)


def export(network: Any, path: Path, *, temperature: float = 1.0) -> None:
    """Write `path` and its plate config beside it (same name, .yaml). `temperature` divides the
    logits before the softmax."""
    deployed = _Deployed(copy.deepcopy(network).cpu().float().eval(), temperature).eval()
    deployed = deployed.to(memory_format=torch.contiguous_format)
    buffer = io.BytesIO()
    torch.onnx.export(
        deployed,
        (torch.zeros(1, HEIGHT, WIDTH, 1, dtype=torch.uint8),),
        buffer,
        input_names=["input"],
        output_names=["plate"],
        dynamic_axes={"input": {0: "batch"}, "plate": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    model.producer_name = "nz-alpr"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    path.with_suffix(".yaml").write_text(plate_config())
