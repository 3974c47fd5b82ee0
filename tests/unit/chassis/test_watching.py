"""Logs, health, traces: what a service shows of itself."""

import asyncio
import json
import logging
import time
from collections import Counter
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.gate import Gate
from chassis.health import Health, Stage
from chassis.logs import LIBRARY_RECORDS_MAX, Flood
from chassis.progress import Progress
from chassis.relay import RelayProgress
from chassis.tracing import Tracing, TracingError, current_traceparent, span_context, tracing_from_environment
from chassis.vitals import FetchWatch, KafkaPulse, Watch

from support.toy import put

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def a_record(name: str) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, "no broker", (), None)


def test_a_library_that_repeats_itself_is_cut_short_and_nobody_else() -> None:
    flood = Flood()
    passed = Counter(name for name in ["aiokafka", "chassis.lane"] * 100 if flood.filter(a_record(name)))
    assert passed == {"aiokafka": LIBRARY_RECORDS_MAX, "chassis.lane": 100}


def a_watch(**lane: float) -> Watch:
    pulse = KafkaPulse(producer=None, since=time.monotonic() - 1_000)
    return Watch({"orders": Progress(**lane)}, RelayProgress(), FetchWatch({}), pulse, 60.0)


def test_a_lane_hangs_only_with_work_and_without_progress() -> None:
    long_ago = time.monotonic() - 100
    assert a_watch(batches_under_way=1, moved_at=long_ago).stalls() == ["lane orders"]
    assert a_watch(batches_under_way=0, moved_at=long_ago).stalls() == []
    assert a_watch(batches_under_way=1).stalls() == []
    assert a_watch(batches_under_way=1, batches_queued=1, moved_at=long_ago).stalls() == []
    assert a_watch(batches_under_way=2, batches_queued=1, moved_at=long_ago).stalls() == ["lane orders"]


async def test_who_waits_at_the_gate_is_queued_until_it_has_its_turn() -> None:
    gate, progress = Gate(1), Progress(batches_under_way=1, moved_at=0.0)
    async with gate.turn():
        waiting = asyncio.create_task(take_turn(progress, gate))
        await asyncio.sleep(0)
        assert (progress.batches_queued, progress.has_turn) == (1, False)
    await waiting
    assert progress.batches_queued == 0
    assert progress.moved_at > 0
    async with gate.turn():
        given_up = asyncio.create_task(take_turn(progress, gate))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait([given_up])
    assert progress.batches_queued == 0


async def take_turn(progress: Progress, gate: Gate) -> None:
    async with progress.turn(gate, hurried=False):
        assert progress.has_turn


def test_a_relay_hangs_only_while_the_broker_answers() -> None:
    watch = a_watch()
    watch.relay.sending, watch.relay.moved_at = True, time.monotonic() - 100
    assert watch.stalls() == ["relay"]
    watch.pulse.since = None
    assert watch.stalls() == []


async def test_a_check_is_asked_once_in_a_while_and_its_error_is_not_told_in_full() -> None:
    asked = Counter[str]()

    async def database() -> str | None:
        asked["database"] += 1
        raise OSError("at db.internal:5432")

    health = Health({"database": database}, list, Stage.RUNNING)
    assert [await health.troubles() for _ in range(3)] == [{"database": "OSError"}] * 3
    assert asked == {"database": 1}


async def test_not_alive_is_told_with_the_reason() -> None:
    live = next(route for route in Health({}, lambda: ["lane orders"]).routes() if route.path == "/livez")
    response = await live.endpoint(None)
    assert response.status_code == 503
    assert json.loads(response.body)["checks"]["progress"][0]["output"] == "lane orders"


def test_a_batch_is_a_span_with_links_to_what_caused_it() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    caused = put("p1", 1)
    batch = [replace(caused, envelope=caused.envelope._replace(traceparent=PARENT)), put("p2", 1)]
    with Tracing(provider.get_tracer("test")).batch("orders", batch):
        inside = current_traceparent()
    (span,) = exporter.get_finished_spans()
    assert [link.context.trace_id for link in span.links] == [0x0AF7651916CD43DD8448EB211C80319C]
    assert inside is not None
    assert span_context(inside).span_id == span.context.span_id


def test_without_an_exporter_nothing_is_traced() -> None:
    with tracing_from_environment("orders") as tracing, tracing.batch("orders", [put("p1", 1)]):
        assert current_traceparent() is None


def test_an_exporter_that_is_not_there_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
    with pytest.raises(TracingError, match="carrier-pigeon"), tracing_from_environment("orders"):
        pass


@pytest.mark.parametrize("text", ["", "00-00-00-00", "x-y-z-w", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_a_traceparent_that_is_none_links_nothing(text: str) -> None:
    assert span_context(text) is None
