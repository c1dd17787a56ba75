"""Millions of pictures by Ray Data: one task a part, on whatever processors the cluster has.

A task is tried again elsewhere where its process or its machine dies. It writes its part as one
file at its end, so that a part is there whole or not at all, and once, however often it was read.
"""

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

import ray
import ray.data
from ray.util.annotations import RayDeprecationWarning

from app.cluster.plan import Form, Part
from app.cluster.reading import Job, PartRead, read_part
from app.config import Settings
from app.config.variables import is_secret
from app.errors import InvalidRequest
from app.vision.pipeline import ReadOptions

TRIES: Final = 5
"""Of a part whose process dies; a picture that kills every one of them ends there."""


def connect() -> None:
    """Join the cluster of RAY_ADDRESS, or the one this machine is in, or start one here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(log_to_driver=False, logging_level="ERROR")
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # of the plan, on standard error
    context.max_errored_blocks = -1  # one part's fault is not that of others


def disconnect() -> None:
    ray.shutdown()


def make_job(
    output: str, form: Form, settings: Settings, options: ReadOptions, *, gpu_share: float
) -> Job:
    """Fit engines to the processors and GPUs of the cluster. Raises InvalidRequest.

    Args:
        gpu_share: part of a GPU that each engine has, where the settings ask for CUDA.
    """
    secrets = {
        name: field.get_default(call_default_factory=False)
        for name, field in Settings.model_fields.items()
        if is_secret(field)
    }
    processors, gpus = 1, 0.0
    if settings.device == "cuda":
        there = ray.cluster_resources()
        engines = int(there.get("GPU", 0) / gpu_share)
        if engines == 0:
            raise InvalidRequest("ALPR_DEVICE=cuda, and no machine of the cluster has a GPU.")
        processors, gpus = max(1, int(there["CPU"]) // engines), gpu_share
    shared = settings.model_copy(update={**secrets, "workers": processors})
    return Job(output, form, shared, options, processors, gpus)


def read_parts(job: Job, parts: Sequence[Part]) -> Iterator[PartRead]:
    """Read parts on the cluster, in any order; those whose tasks fail for good are not told."""
    items = [{"number": part.number, "pictures": list(part.pictures)} for part in parts]
    with warnings.catch_warnings():
        # Ray has no other way yet to say how often a task is tried; by default it never ends.
        warnings.simplefilter("ignore", RayDeprecationWarning)
        told = ray.data.from_items(items, override_num_blocks=len(items)).map(
            _read_part,
            fn_args=(job,),
            num_cpus=job.processors,
            num_gpus=job.gpus or None,
            ray_remote_args_fn=lambda: {"max_retries": TRIES},
        )
    for batch in told.iter_batches(batch_size=None, prefetch_batches=0):
        for number, pictures, failed in zip(*(batch[name] for name in _TOLD), strict=True):
            yield PartRead(int(number), int(pictures), int(failed))


_TOLD: Final = ("number", "pictures", "failed")


def _read_part(item: dict[str, Any], job: Job) -> dict[str, int]:
    """The task."""
    return asdict(read_part(Part(item["number"], tuple(item["pictures"])), job))
