"""Traces: a span a batch, with a link to the trace of each of its messages. Spans leave the process only when the usual OTEL_
variables name an exporter; otherwise nothing is measured and nothing is paid.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import entry_points

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, TraceFlags, Tracer

from chassis.outcomes import Received

EXPORTER_VARIABLE = "OTEL_TRACES_EXPORTER"
ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
LINKS_MAX = 128
"""OpenTelemetry's own default limit of a span's links."""
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class TracingError(RuntimeError):
    """The exporter that the environment names can't be used."""


@dataclass(frozen=True, slots=True)
class Tracing:
    """Opens spans when it has a tracer."""

    tracer: Tracer | None = None

    def batch(self, lane: str, batch: Sequence[Received]) -> AbstractContextManager[Span | None]:
        if self.tracer is None:
            return nullcontext()
        contexts = {received.envelope.traceparent for received in batch[:LINKS_MAX]}
        links = [Link(context) for text in sorted(filter(None, contexts)) if (context := span_context(text)) is not None]
        attributes: dict[str, str | int] = {"messaging.system": "kafka", "messaging.batch.message_count": len(batch)}
        return self.tracer.start_as_current_span(f"decide {lane}", kind=SpanKind.CONSUMER, links=links, attributes=attributes)


@contextmanager
def tracing_from_environment(service: str) -> Iterator[Tracing]:
    """Spans that were made are sent when this is left. Raises TracingError."""
    wanted = os.environ.get(EXPORTER_VARIABLE) or ("otlp" if any(map(os.environ.get, ENDPOINT_VARIABLES)) else "none")
    if wanted == "none":
        yield Tracing()
        return
    found = list(entry_points(group="opentelemetry_traces_exporter", name=wanted))
    if not found:
        raise TracingError(f"{EXPORTER_VARIABLE} names {wanted}, whose package is not installed")
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(found[0].load()()))
    try:
        yield Tracing(provider.get_tracer("wharf"))
    finally:
        provider.shutdown()


def current_traceparent() -> str | None:
    """For a fact whose cause came without a trace: the span of the batch that told it."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def span_context(traceparent: str) -> SpanContext | None:
    """W3C trace context; None when it is not one."""
    found = TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & 1))
    return context if context.is_valid else None
