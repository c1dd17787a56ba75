"""The spans below those of requests. None has a plate in it, or what a client may call so."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.errors import AlprError
from app.passes.records import NewPass, PassSink
from app.records import PictureRecord

if TYPE_CHECKING:
    from app.passes.notify.channel import Answer, Channel
    from app.passes.notify.ledger import Message

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEADER: Final = "traceparent"
_W3C: Final = TraceContextTextMapPropagator()


class PictureSpans:
    """Of a picture that was read or redacted, and of its stages, made once it is over.

    A stage that ran several times, as of a picture that was turned, is one span of all its time.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, record: PictureRecord) -> None:
        """In the context of its request."""
        if record.frame or not trace.get_current_span().is_recording():
            return
        end = int(record.ended * 1e9) + time.time_ns() - time.monotonic_ns()
        begin = end - int(record.seconds * 1e9)
        about = {"alpr.request.id": record.request_id}
        span = self._tracer.start_span(record.work, start_time=begin, attributes=about)
        if isinstance(record.outcome, AlprError):
            _fail(span, record.outcome.code)
        else:
            span.set_attribute("alpr.plates", len(record.outcome.plates))
            span.set_attribute("alpr.passes", record.outcome.passes)
            self._stages(trace.set_span_in_context(span), begin, record.outcome.timings_ms)
        span.end(end)

    def _stages(self, parent: Context, begin: int, timings_ms: dict[str, float]) -> None:
        for stage, milliseconds in timings_ms.items():
            end = begin + int(milliseconds * 1e6)
            self._tracer.start_span(stage, parent, start_time=begin).end(end)
            begin = end


class TracedSink:
    """Gives passes the trace of the request they are of; those of cameras begin one."""

    def __init__(self, sink: PassSink, tracer: Tracer) -> None:
        self._sink, self._tracer = sink, tracer

    def add(self, passing: NewPass) -> None:
        span = trace.get_current_span()
        if not span.get_span_context().is_valid:
            now = time.time_ns()
            begin = min(now, (passing.at - _EPOCH) // timedelta(microseconds=1) * 1000)
            span = self._tracer.start_span("pass", start_time=begin, attributes=_about(passing))
            span.end(now)
        self._sink.add(replace(passing, traceparent=_header(span)))


class StoreSpans:
    """Of a pass, from its acceptance until it is in the database."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, passing: NewPass, accepted: int) -> None:
        """`accepted` in nanoseconds since 1970."""
        if passing.traceparent is not None:
            parent, about = _context(passing.traceparent), _about(passing)
            span = self._tracer.start_span("store", parent, start_time=accepted, attributes=about)
            span.end()


class TracedChannel:
    """A channel each try of which is a span of the trace of what it tells."""

    def __init__(self, channel: "Channel", tracer: Tracer) -> None:
        self._channel, self._tracer = channel, tracer

    @property
    def parallel(self) -> int:
        return self._channel.parallel

    async def send(self, message: "Message") -> "Answer":
        with self._tracer.start_as_current_span(
            "deliver",
            _context(message.traceparent),
            kind=SpanKind.CLIENT,
            attributes={
                "alpr.target": message.target,
                "alpr.message.kind": message.kind,
                "alpr.message.id": message.id,
                "alpr.attempt": message.attempts + 1,
            },
            record_exception=False,
        ) as span:
            answer = await self._channel.send(replace(message, traceparent=_header(span)))
            if answer.status is not None:
                span.set_attribute("http.response.status_code", answer.status)
            if not answer.delivered:
                _fail(span, str(answer.status or answer.error))
        return answer

    async def close(self) -> None:
        await self._channel.close()


def _about(passing: NewPass) -> dict[str, str]:
    return {
        "alpr.pass.id": passing.id,
        "alpr.pass.source": passing.source,
        "alpr.pass.event": passing.event,
    }


def _fail(span: Span, why: str) -> None:
    span.set_attribute("error.type", why)
    span.set_status(StatusCode.ERROR)


def _header(span: Span) -> str | None:
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, trace.set_span_in_context(span))
    return carrier.get(_HEADER)


def _context(traceparent: str | None) -> Context:
    """Of a trace that began elsewhere, or of none yet."""
    return _W3C.extract({} if traceparent is None else {_HEADER: traceparent}, Context())
