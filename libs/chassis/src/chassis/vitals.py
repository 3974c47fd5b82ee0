"""Signs of life that health and metrics look at: how late the event loop is, whether Kafka answers, what waits in the tables,
and which part has work and makes no progress.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy import Column
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.census import Census, take_census
from chassis.clock import Clock
from chassis.failures import StorageError
from chassis.kafka import Consumption
from chassis.progress import Progress
from chassis.relay import RelayProgress
from chassis.tables import ServiceTables

log = structlog.get_logger()

LOOP_SAMPLE_SECONDS = 0.25
LOOP_DECAY = 0.98
PULSE_SECONDS = 3.0
PULSE_SECONDS_MAX = 5.0
CENSUS_SECONDS = 15.0


@dataclass(slots=True)
class LoopLag:
    """How late the event loop wakes a sleeper: the worst of the last minute or so, fading."""

    seconds: float = 0.0

    async def run(self) -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(LOOP_SAMPLE_SECONDS)
            self.seconds = max(time.monotonic() - begun - LOOP_SAMPLE_SECONDS, self.seconds * LOOP_DECAY)


@dataclass(slots=True)
class KafkaPulse:
    """Whether the broker answers. `since` is when it began to, on the monotonic clock in seconds; None while it does not."""

    producer: AIOKafkaProducer
    since: float | None = None

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(PULSE_SECONDS_MAX):
                    await self.producer.client.fetch_all_metadata()
            except (KafkaError, TimeoutError, OSError) as error:
                if self.since is not None:
                    log.warning("kafka_away", error=repr(error))
                self.since = None
            else:
                self.since = self.since or time.monotonic()
            await asyncio.sleep(PULSE_SECONDS)

    async def trouble(self) -> str | None:
        return None if self.since is not None else "no broker answers"


@dataclass(slots=True)
class CensusKeeper:
    """The last census, for metrics."""

    engine: AsyncEngine
    tables: ServiceTables
    clock: Clock
    work: Sequence[Column[Any]] = ()
    last: Census = field(default_factory=Census)

    async def run(self) -> None:
        while True:
            try:
                self.last = await take_census(self.engine, self.tables, self.clock.now(), self.work)
            except (StorageError, OSError) as error:
                log.warning("census_failed", error=repr(error))
            await asyncio.sleep(CENSUS_SECONDS)

    def rows(self) -> Mapping[str, int]:
        last = self.last
        return {
            "outbox": last.outbox_rows,
            "due": last.due_deadlines,
            "parked": last.parked,
            "quarantined": last.quarantined,
            "work": last.due_work,
        }


@dataclass(slots=True)
class FetchWatch:
    """When a consumer last heard from the broker: the client library has been seen to fall silent without an error."""

    consumptions: Mapping[str, Consumption[Any]]
    _seen: dict[str, tuple[object, float]] = field(default_factory=dict)

    def silent(self, now: float, seconds: float) -> Iterator[str]:
        """Topics whose consumer has partitions, is free to fetch, and has had no answer for so long."""
        for topic, consumption in self.consumptions.items():
            heard = consumption.heard()
            known, since = self._seen.get(topic, (None, now))
            if heard is None or heard != known:
                self._seen[topic] = heard, now
            elif now - since > seconds:
                yield topic


@dataclass(frozen=True, slots=True)
class Watch:
    """Finds the parts that hang."""

    lanes: Mapping[str, Progress]
    relay: RelayProgress
    fetches: FetchWatch
    pulse: KafkaPulse
    stalled_seconds: float

    def stalls(self) -> list[str]:
        now, limit = time.monotonic(), self.stalled_seconds
        found = [f"lane {name}" for name, lane in self.lanes.items() if lane.has_turn and now - lane.moved_at > limit]
        silent = list(self.fetches.silent(now, limit))
        if self.pulse.since is None or now - self.pulse.since < limit:
            return found  # who waits for Kafka does not hang
        if self.relay.sending and now - self.relay.moved_at > limit:
            found.append("relay")
        return found + [f"consumer of {topic}" for topic in silent]
