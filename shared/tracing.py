"""One trace from the first request to the last webhook: the context is stored with each event and taken up again."""

import json
from collections.abc import Sequence
from pathlib import Path

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.privacy import scrub
from shared.settings import Settings

__all__ = ["SpanKind", "current_traceparent", "open_span", "start_tracing", "traceparent_of"]

tracer = trace.get_tracer("skillcert")
_w3c = TraceContextTextMapPropagator()


class FileExporter(SpanExporter):
    """Spans as JSON lines in a file, for runs without a collector; `make demo` prints them as a tree."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        lines = "".join(json.dumps(_row(span), ensure_ascii=False) + "\n" for span in spans)
        with self._file.open("a", encoding="utf-8") as out:
            out.write(lines)
        return SpanExportResult.SUCCESS


def _row(span: ReadableSpan) -> dict[str, object]:
    context = span.get_span_context()
    assert context is not None
    return {
        "trace": f"{context.trace_id:032x}",
        "span": f"{context.span_id:016x}",
        "parent": f"{span.parent.span_id:016x}" if span.parent else None,
        "service": span.resource.attributes.get("service.name"),
        "name": span.name,
        "start": span.start_time,
        "end": span.end_time,
        "ok": span.status.is_ok or span.status.is_unset,
        "attributes": {key: scrub(str(value)) for key, value in (span.attributes or {}).items()},
    }


def start_tracing(settings: Settings) -> TracerProvider:
    """Make the process's tracer provider; call once, from `app.py`, and shut it down at the end."""
    provider = TracerProvider(resource=Resource.create({"service.name": settings.service}))
    if settings.otlp_endpoint:
        exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=3)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    if settings.trace_file:
        provider.add_span_processor(BatchSpanProcessor(FileExporter(settings.trace_file), schedule_delay_millis=300))
    trace.set_tracer_provider(provider)
    return provider


def traceparent_of(span: Span) -> str | None:
    """The W3C traceparent of a span, or None when nothing is traced."""
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def current_traceparent() -> str | None:
    """The traceparent of what is being done now."""
    return traceparent_of(trace.get_current_span())


def _context(traceparent: str | None) -> Context:
    return _w3c.extract({"traceparent": traceparent} if traceparent else {}, Context())


def open_span(name: str, traceparent: str | None, kind: SpanKind, **attributes: str | int) -> Span:
    """A span that the caller ends; for work that serves several traces at once."""
    return tracer.start_span(name, context=_context(traceparent), kind=kind, attributes=attributes)
