"""The refiner inside the project's own detector: a second stage that lowers the scores of boxes.

`models/training/refiner` appends it behind the detector's suppression of overlapping boxes. Every
node and tensor of it is named `refiner/...`, so it can be taken out again.
"""

from onnx import GraphProto

_PREFIX = "refiner/"
_FOUND = f"{_PREFIX}found"


def drop_refiner(graph: GraphProto) -> None:
    """Let the detector answer its own scores. Networks without a refiner stay as they are."""
    source = next((node for node in graph.node if _FOUND in node.output), None)
    if source is None:
        return
    (output,) = (value.name for value in graph.output)
    for items in (graph.node, graph.initializer):
        kept = [each for each in items if not each.name.startswith(_PREFIX)]
        del items[:]
        items.extend(kept)
    source = next(node for node in graph.node if _FOUND in node.output)
    source.output[:] = [output if name == _FOUND else name for name in source.output]
