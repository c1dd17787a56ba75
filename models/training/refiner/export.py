"""The refiner inside the detector's ONNX file: its probability multiplies the scores of `output0`.

Every node and tensor that this adds is named `refiner/...`, so it can be taken out again.
"""

import io
from typing import Any

import numpy as np
import onnx
import torch
from onnx import ModelProto, TensorProto, compose, helper, numpy_helper

from models.training.detector.export import OPSET
from models.training.refiner.dcr import Refiner
from models.training.refiner.regions import ENLARGED, HEIGHT, RAYS, USUAL_WIDTH, WIDTH

PREFIX = "refiner/"
FOUND = f"{PREFIX}found"  # the table before refinement
OUTPUT = "output0"


def append_refiner(detector: ModelProto, refiner: Refiner, bias: float) -> ModelProto:
    """The detector with refined scores, its rows as before by falling score.

    `bias` is added to the refiner's logits before they become probabilities.
    """
    model = without_refiner(detector)
    graph = model.graph
    _rename(graph, OUTPUT, FOUND)
    judge = _network(refiner)
    graph.initializer.extend(judge.initializer)
    constants: dict[str, Any] = {
        "columns": np.array([1, 4, 1, 1], np.int64),
        "corners": np.array([2, 2], np.int64),
        "half": np.float32(0.5),
        "least": np.float32(1.0),
        "usual": np.float32(USUAL_WIDTH),
        "each": np.array([1, 1], np.int64),
        "second": np.array([1], np.int64),
        "flat": np.array([-1], np.int64),
        "bias": np.float32(bias),
        **{f"reach{i}": np.float32(share / 2) for i, share in enumerate(ENLARGED)},
    }
    for name, value in constants.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), PREFIX + name))

    def add(kind: str, inputs: str, outputs: str, **attributes: Any) -> None:
        """Names without a prefix are the refiner's own, but for `images` and `output0`."""
        taken, given = (
            [each if each in ("images", OUTPUT) else PREFIX + each for each in text.split()]
            for text in (inputs, outputs)
        )
        name = f"{PREFIX}{kind}:{given[0]}"
        graph.node.append(helper.make_node(kind, taken, given, name=name, **attributes))

    add("Split", "found columns", "number box class score", axis=1)
    add("Split", "box corners", "low high", axis=1)
    add("Sub", "high low", "sides")
    add("Add", "low high", "ends")
    add("Mul", "ends half", "centre")
    add("Cast", "number", "whole_number", to=TensorProto.INT64)
    add("Squeeze", "whole_number second", "image_index")
    for i in range(len(ENLARGED)):
        add("Mul", f"sides reach{i}", f"around{i}")
        add("Sub", f"centre around{i}", f"low{i}")
        add("Add", f"centre around{i}", f"high{i}")
        add("Concat", f"low{i} high{i}", f"roi{i}", axis=1)
        add(
            "RoiAlign",
            f"images roi{i} image_index",
            f"region{i}",
            output_height=HEIGHT,
            output_width=WIDTH,
            sampling_ratio=RAYS,
            coordinate_transformation_mode="half_pixel",
        )
    add("Concat", " ".join(f"region{i}" for i in range(len(ENLARGED))), "regions", axis=1)
    add("Max", "sides least", "clear_sides")
    add("Split", "clear_sides each", "wide tall", axis=1)
    add("Div", "wide usual", "size")
    add("Div", "wide tall", "aspect")
    add("Concat", "size aspect", "ratios", axis=1)
    add("Log", "ratios", "shapes")
    graph.node.extend(judge.node)
    add("Add", "logit bias", "biased")
    add("Sigmoid", "biased", "probability")
    add("Unsqueeze", "probability second", "factor")
    add("Mul", "score factor", "refined")
    add("Concat", "number box class refined", "table", axis=1)
    add("Reshape", "refined flat", "keys")
    add("Shape", "keys", "count")
    add("TopK", "keys count", "ranked order")
    add("Gather", "table order", OUTPUT, axis=0)
    del graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    return model


def without_refiner(detector: ModelProto) -> ModelProto:
    """The detector as it was before `append_refiner`."""
    model = ModelProto()
    model.CopyFrom(detector)
    graph = model.graph
    if not any(FOUND in node.output for node in graph.node):
        return model
    for items in (graph.node, graph.initializer):
        kept = [each for each in items if not each.name.startswith(PREFIX)]
        del items[:]
        items.extend(kept)
    _rename(graph, FOUND, OUTPUT)
    return model


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Give the tensor that one node of the graph puts out another name."""
    for node in graph.node:
        node.output[:] = [new if name == old else name for name in node.output]


def _network(refiner: Refiner) -> onnx.GraphProto:
    """The graph from `refiner/regions` and `refiner/shapes` to `refiner/logit`."""
    buffer = io.BytesIO()
    torch.onnx.export(
        refiner.float().eval().to(memory_format=torch.contiguous_format),
        (torch.zeros(2, 3 * len(ENLARGED), HEIGHT, WIDTH), torch.zeros(2, 2)),
        buffer,
        input_names=["regions", "shapes"],
        output_names=["logit"],
        dynamic_axes={name: {0: "detections"} for name in ("regions", "shapes", "logit")},
        opset_version=OPSET,
        dynamo=False,
    )
    return compose.add_prefix(onnx.load_from_string(buffer.getvalue()), PREFIX).graph
