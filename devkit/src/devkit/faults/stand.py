"""What cells are played on: a broker, a database server and the four services as processes, all of which may be broken; the
driven clock, and the connections of those who look and ask.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from devkit.demo.sending import Kafka
from devkit.deployment import is_ready
from devkit.faults.facts import Facts
from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres
from devkit.quiet import NotQuietError, Quiet
from devkit.runs import Run
from devkit.services import prepare
from devkit.stack import Stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from devkit.quiet import Status
    from devkit.services import ServiceProcess, Services

OPENING = datetime(2024, 3, 4, 9, tzinfo=UTC)
READY_SECONDS_MAX = 90.0
POLL_SECONDS = 0.1
HTTP_SECONDS_MAX = 15.0
CONNECTIONS_MAX = 300
IDLE_SECONDS_MAX = 1.0
"""After which a connection is not used again. Shorter than the services keep one: they could close it under a request."""
SEND_MILLISECONDS_MAX = 5_000
"""How long a client waits for the broker's word."""
SESSION_SECONDS = 6
SETTINGS = {
    "WHARF_KAFKA_SESSION_SECONDS": str(SESSION_SECONDS),
    "WHARF_STOP_SECONDS_MAX": "14",
    "WHARF_SMTP_ANSWER_SECONDS_MAX": "5",
    "WHARF_SMTP_WORD_SECONDS_MAX": "7",
}
"""A process that was killed is missed soon, and one that is told to stop does."""
BROKER_TIME = {"log.message.timestamp.type": "LogAppendTime"}
"""When something was finished says the broker's clock, whenever somebody reads it."""


class StandError(Exception):
    """A part does not come up, or does not end as it should; the text says which."""


@dataclass(slots=True)
class Stand:
    """`now` is the stack's time."""

    run: Run
    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres
    services: Services
    producer: AIOKafkaProducer
    web: httpx.AsyncClient
    facts: Facts
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS_MAX))
    """To be awaited ahead of a request: with thousands waiting in its own pool, the client only looks through them."""
    now: datetime = OPENING
    quarantined: Counter[str] = field(default_factory=Counter)
    """How many records each service has to have put into quarantine."""
    perhaps_quarantined: Counter[str] = field(default_factory=Counter)
    """How many more it may have: nobody knows whether the broker took them."""

    # ---- processes --------------------------------------------------------------------------------------------

    def running(self, service: str | None = None) -> list[ServiceProcess]:
        """Those that were started and have not ended; paused ones among them."""
        return [one for one in self.services.processes if one.child.is_running() and service in {None, one.service}]

    def urls(self, service: str) -> list[str]:
        return [one.url for one in self.running(service)]

    def start(self, service: str, *, settings: Mapping[str, str] | None = None, module: str | None = None) -> ServiceProcess:
        """One more; it is not ready yet."""
        return self.services.start(service, settings={**SETTINGS, **(settings or {})}, module=module)

    async def stop(self, process: ServiceProcess) -> None:
        """In order. Raises StandError when it does not end well."""
        status = await asyncio.to_thread(process.child.stop)
        if status:
            raise StandError(f"{process.name} ended with status {status}:\n{process.child.log_tail()}")

    async def close(self) -> None:
        """Stop all processes. Raises StandError when one that still runs does not end well."""
        names = {one.name for one in self.running()}
        statuses = await asyncio.to_thread(self.services.stop)
        if badly := {name: status for name, status in statuses.items() if name in names and status}:
            raise StandError(f"ended badly: {badly}")

    def fallen(self) -> list[str]:
        """Processes that have ended by themselves, with the end of their logs. None should, whatever breaks around them."""
        return [
            f"{one.name} has ended by itself:\n{one.child.log_tail()}"
            for one in self.services.processes
            if not one.child.is_running() and one.child.process.returncode > 0
        ]

    async def ready(self, seconds_max: float = READY_SECONDS_MAX) -> None:
        """Wait until all that run take work. Raises StandError."""
        until = time.monotonic() + seconds_max
        while waiting := [one for one in self.running() if not await asyncio.to_thread(is_ready, one.url)]:
            if fallen := self.fallen():
                raise StandError("\n".join(fallen))
            if time.monotonic() > until:
                names = "\n".join(f"{one.name}:\n{one.child.log_tail()}" for one in waiting)
                raise StandError(f"not ready within {seconds_max:g} s:\n{names}")
            await asyncio.sleep(POLL_SECONDS)

    # ---- time and quiet ---------------------------------------------------------------------------------------

    async def tick(self, span: timedelta) -> None:
        """Time goes on. Raises KafkaError when the broker does not take it; the next tick has it all."""
        self.now += span
        await Kafka(self.producer).tick(self.now)

    async def quiet(self, seconds_max: float) -> dict[str, Status]:
        """Wait until nothing is under way anywhere. Raises StandError."""
        until = time.monotonic() + seconds_max
        urls = {one.name: one.url for one in self.running()}
        while True:
            try:
                async with await Quiet.open(urls, self.services.groups, self.services.bootstrap) as quiet:
                    return await quiet.wait(self.now, max(1.0, until - time.monotonic()))
            except (NotQuietError, KafkaError, OSError) as error:
                if time.monotonic() > until:
                    raise StandError(f"not quiet within {seconds_max:g} s: {error}") from error
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def open_stand() -> AsyncIterator[Stand]:
    """Everything new, and ready. Raises ProcessFailedError or StandError."""
    async with AsyncExitStack() as entered:
        run = entered.enter_context(Run("faults"))
        kafka, postgres = EmbeddedKafka(run, settings=BROKER_TIME), EmbeddedPostgres(run)
        await asyncio.gather(asyncio.to_thread(kafka.start), asyncio.to_thread(postgres.start))
        services = await prepare(run, Stack(kafka.bootstrap, postgres.server), clock="driven")
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", request_timeout_ms=SEND_MILLISECONDS_MAX)
        await producer.start()
        entered.push_async_callback(producer.stop)
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, keepalive_expiry=IDLE_SECONDS_MAX)
        web = await entered.enter_async_context(httpx.AsyncClient(timeout=HTTP_SECONDS_MAX, limits=limits))
        facts = await Facts.open(kafka.bootstrap)
        entered.push_async_callback(facts.close)
        stand = Stand(run, kafka, postgres, services, producer, web, facts)
        await stand.tick(timedelta())
        for service in services.dsns:
            stand.start(service)
        await stand.ready()
        yield stand
