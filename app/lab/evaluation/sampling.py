"""What an OCR saw of a data set's plates, for `python -m app.lab.calibration`."""

from collections.abc import Sequence

import numpy as np

from app.lab.calibration.samples import Samples
from app.lab.evaluation.dataset import tag_values
from app.lab.evaluation.errors import DatasetError
from app.lab.evaluation.reading import Sample
from app.nz.validation import normalize
from app.vision.pipeline import PlatePipeline


def to_samples(
    pipeline: PlatePipeline, seen: Sequence[Sample], columns: Sequence[str] = ()
) -> Samples:
    """`columns` of the data set name the condition of each plate. Raises DatasetError for none."""
    if not seen:
        raise DatasetError("No plate of known text was read, so there are no samples to keep.")
    return Samples(
        np.stack([sample.looks.decoded.probabilities for sample in seen]),
        np.array([normalize(sample.looks.first.text) for sample in seen]),
        np.array([sample.text for sample in seen]),
        np.array([pipeline.is_small(sample.box) for sample in seen]),
        np.array(["/".join(_values(sample, columns)) for sample in seen]),
        pipeline.recognizer.alphabet,
        pipeline.recognizer.pad_char,
    )


def _values(sample: Sample, columns: Sequence[str]) -> list[str]:
    return ["+".join(tag_values(sample.tags, column)) for column in columns]
