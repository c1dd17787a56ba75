"""The spans' provider: where they go is said by the variables of OpenTelemetry."""

import os
import threading
import uuid
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Final

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from app import __version__
from app.api.tracing.spans import PictureSpans, StoreSpans, TracedChannel, TracedSink
from app.errors import NotInstalled
from app.logs import Fields
from app.passes.records import PassSink

if TYPE_CHECKING:
    from app.passes.notify.channel import Channel

CLOSING_S: Final = 1.0
"""What is not sent by then is lost: all threads of the service end within
`app.config.CLOSING_SECONDS`, and a collector that is away would hold them longer."""
PROTOCOL: Final = "http/protobuf"
_PROTOCOL_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_UNTRACED: Final = ("/health", "/metrics")
_ADDRESS: Final = ("url.path", "url.query")


class Tracing:
    """Spans of everything that is traced, sent on a thread of its own: nobody waits for them, and
    what there is no room for is dropped."""

    def __init__(self) -> None:
        """Raises NotInstalled where another protocol than OTLP by HTTP is asked for."""
        asked = next((os.environ[name] for name in _PROTOCOL_VARIABLES if os.environ.get(name)), "")
        if asked not in ("", PROTOCOL):
            raise NotInstalled(f"OTEL_EXPORTER_OTLP_PROTOCOL={asked}: only {PROTOCOL} is built in")
        own = {
            "service.name": "nz-alpr",
            "service.version": __version__,
            "service.instance.id": str(uuid.uuid4()),
        }
        # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before it.
        resource = Resource.create(own).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(_Anonymous())
        self._tracer = self._provider.get_tracer("nz-alpr", __version__)
        self.telemetry: TelemetryConfig = {
            "tracer_provider": self._provider,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": _is_probe,
        }
        """Of the application: FastAPI makes the span of each request, by the conventions."""
        self.pictures = PictureSpans(self._tracer)
        self.stored = StoreSpans(self._tracer)

    def start(self) -> None:
        """Begin to send."""
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    def close(self) -> None:
        """Send what is left, as far as that can be done soon."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSING_S)

    def sink(self, sink: PassSink) -> PassSink:
        return TracedSink(sink, self._tracer)

    def channel(self, channel: "Channel") -> "Channel":
        return TracedChannel(channel, self._tracer)


class _Anonymous(SpanProcessor):
    """Addresses have plates and keys in them; the route says which endpoint it was."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for name in _ADDRESS:
            if name in (span.attributes or {}):
                span.set_attribute(name, "REDACTED")


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    path: str = scope["path"]
    return path.startswith(_UNTRACED)


def _trace_id() -> str:
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else "-"


def _span_id() -> str:
    context = trace.get_current_span().get_span_context()
    return trace.format_span_id(context.span_id) if context.is_valid else "-"


LOG_FIELDS: Final[Fields] = {"trace_id": _trace_id, "span_id": _span_id}
