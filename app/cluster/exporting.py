"""The metrics of a replica among those of its node, which Prometheus scrapes from Ray's agent.

Ray knows no collectors, so every sample is a gauge of its own, with the name it has at `/metrics`:
the parts of histograms, too. Ray puts `ray_` before it, and takes it away with its replica.
"""

import asyncio
from collections.abc import Iterator

from prometheus_client.samples import Sample
from ray.serve.metrics import Gauge

from app.api.metrics import Metrics

EXPORT_SECONDS = 5.0


class Exporter:
    """Copies a registry into gauges that have the labels of the replica besides their own."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._gauges: dict[str, Gauge] = {}

    def export(self) -> None:
        for sample in self._samples():
            gauge = self._gauges.get(sample.name)
            if gauge is None:
                gauge = Gauge(sample.name, tag_keys=tuple(sample.labels))
                self._gauges[sample.name] = gauge
            gauge.set(sample.value, tags=dict(sample.labels))

    def _samples(self) -> Iterator[Sample]:
        for metric in self._metrics.registry.collect():
            yield from (one for one in metric.samples if not one.name.endswith("_created"))


async def export_metrics(metrics: Metrics) -> None:
    """Export for as long as the replica lives."""
    exporter = Exporter(metrics)
    while True:
        exporter.export()
        await asyncio.sleep(EXPORT_SECONDS)
