"""Where `bench flow` takes place: databases that are copied anew for each run, the ways of doing the work as processes, and the
checks after a run. What is asked of a run is in flow.py.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.broker import stop_consumer
from chassis.clock import SystemClock
from chassis.outcomes import Received, Via
from chassis.processor import process
from chassis.transaction import PostgresTransactions
from contracts.envelope import Envelope
from contracts.identity import hashed_id
from devkit.benchmarks.baselines.decision import READY
from devkit.benchmarks.demand import hot_stock
from devkit.benchmarks.ground import BenchmarkError, connected, until
from devkit.benchmarks.purchases import stock
from devkit.processes import ProcessFailedError
from devkit.services import consumer_groups, prepare
from devkit.topics import PARTITIONS
from devkit.verification.report import verify
from devkit.waiting import wait_until
from inventory import tables as inventory_tables
from inventory.decisions import DESK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from typing import Self

    import asyncpg

    from contracts.envelope import Message
    from devkit.benchmarks.ground import Ground
    from devkit.services import ServiceProcess, Services

FLOW = ("orders", "inventory")
QUIET_SECONDS_MAX = 60.0
READY_SECONDS_MAX = 60.0
STOCK_BATCH_MESSAGES = 500
NOTHING_THERE = "nothing was there to be checked"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of doing the work: by service that takes part the program in the place of its own `app`, if any."""

    name: str
    programs: Mapping[str, str | None]
    speaks_http: bool = True
    keeps: bool = True
    """Whether there are rows to look at when it has ended."""

    def start(self, services: Services, processes: int) -> None:
        """So many processes of each service. Raises ProcessFailedError."""
        for service, module in self.programs.items():
            for _ in range(processes):
                services.start(service, settings={"WHARF_SERVICE": service}, module=module)
        if self.speaks_http:
            services.wait_ready()
        else:
            for one in services.processes:
                _wait_until_told(one)


WHARF = Way("wharf", {"orders": None, "inventory": "devkit.benchmarks.inventory_alone"})
BASELINES = {
    "b0": Way("B0, the usual way", dict.fromkeys(FLOW, "devkit.benchmarks.baselines.usual"), speaks_http=False),
    "b1": Way("B1, one message a transaction", dict.fromkeys(FLOW, "devkit.benchmarks.baselines.single"), speaks_http=False),
}
RAW = Way("raw clients", dict.fromkeys(FLOW, "devkit.benchmarks.baselines.raw"), speaks_http=False, keeps=False)
WHARF_WHOLE = Way("wharf, all services", dict.fromkeys(("orders", "inventory", "removals", "notifications")))


@dataclass(slots=True)
class Stage:
    """`templates`: databases at their latest schema, with stock, from which those of a run are copied."""

    ground: Ground
    templates: Services
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def open(cls, ground: Ground) -> Self:
        templates = await prepare(ground.run, ground.stack)
        await _stock_up(templates.dsns["inventory"], stock())
        return cls(ground, templates)

    @property
    def bootstrap(self) -> str:
        return self.ground.stack.kafka_bootstrap

    def new_name(self) -> str:
        """What the orders of a run are called, so that they are told from those of other runs on the same topics."""
        return f"run-{next(self.numbers)}"

    @asynccontextmanager
    async def services(self, hot_units: int | None = None) -> AsyncIterator[Services]:
        """Databases of their own, no process yet; all topics count as read. What was started ends with the block. With
        `hot_units` that is all the stock there is.
        """
        number = next(self.numbers)
        services = replace(self.templates, dsns=self._copies(number), processes=[])
        try:
            if hot_units is not None:
                await _only(services.dsns["inventory"], hot_units)
            await _skip_to_ends(self.bootstrap)
            yield services
        finally:
            services.stop()
            for dsn in services.dsns.values():
                self.ground.stack.postgres.execute(f"DROP DATABASE {_database(dsn)} WITH (FORCE);")

    def _copies(self, number: int) -> dict[str, str]:
        copies = {}
        for service, dsn in self.templates.dsns.items():
            role, copy = _database(dsn), f"{_database(dsn)}_{number}"
            self.ground.stack.postgres.execute(f"CREATE DATABASE {copy} TEMPLATE {role} OWNER {role};")
            copies[service] = urlunsplit(urlsplit(dsn)._replace(path=f"/{copy}"))
        return copies


async def check(services: Services, way: Way) -> list[str]:
    """What is wrong once all have ended: what `verify` finds of the services that took part."""
    taking_part = {*way.programs, "orders and inventory"}
    report = await verify(services.dsns, SystemClock().now())
    wrong = [
        f"{finding.service}: {finding.name}: {text}"
        for finding in report.findings
        if finding.service in taking_part
        for text in finding.violations
        if not (finding.service == "removals" and text == NOTHING_THERE)  # nobody removes anything here
    ]
    if report.parked or report.quarantined:
        wrong.append(f"{report.parked} messages parked, {report.quarantined} in quarantine")
    return wrong


async def end(services: Services) -> None:
    """Wait until every outbox is empty, then stop all. Raises BenchmarkError."""
    for service in {one.service for one in services.processes}:
        async with connected(services.dsns[service]) as database:
            await until(partial(_is_sent, database), f"the outbox of {service} is empty", QUIET_SECONDS_MAX)
    statuses = services.stop()
    if badly_ended := [f"{name} ended with status {status}" for name, status in statuses.items() if status]:
        raise BenchmarkError("; ".join(badly_ended))


async def _is_sent(database: asyncpg.Connection) -> bool:
    return not await database.fetchval("SELECT count(*) FROM outbox")


async def reserved(services: Services) -> int:
    """Orders whose stock is bound, as orders' database has it."""
    async with connected(services.dsns["orders"]) as database:
        return int(await database.fetchval("SELECT count(*) FROM customer_order WHERE stock = 'reserved'"))


def _wait_until_told(process: ServiceProcess) -> None:
    child = process.child
    wait_until(lambda: READY in child.output() or not child.is_running(), timeout_seconds=READY_SECONDS_MAX)
    if READY not in child.output() or not child.is_running():
        raise ProcessFailedError(f"{process.name} did not get ready:\n{child.log_tail()}")


async def _stock_up(dsn: str, messages: Iterable[Message]) -> None:
    """Have inventory's rules decide them, with nobody told: the facts are taken out of the outbox."""
    clock = SystemClock()
    engine = create_async_engine(dsn)
    transactions = PostgresTransactions(engine, inventory_tables.SERVICE)
    try:
        received = [_received(message) for message in messages]
        for begin in range(0, len(received), STOCK_BATCH_MESSAGES):
            await process(transactions, clock, DESK, received[begin : begin + STOCK_BATCH_MESSAGES])
        async with engine.begin() as connection:
            await connection.execute(inventory_tables.SERVICE.outbox.delete())
    finally:
        await engine.dispose()


async def _only(dsn: str, hot_units: int) -> None:
    """A stock of nothing but the hot item: empty the tables, and let so many units come in."""
    async with connected(dsn) as database:
        await database.execute("TRUNCATE item, product, listing, balance, movement, inbox, outbox")
    await _stock_up(dsn, [hot_stock(hot_units)])


def _received(message: Message) -> Received:
    now = SystemClock().now()
    identity = hashed_id("benchmark", message.subject.key)
    envelope = Envelope(
        source="/benchmark",
        id=identity,
        type=type(message).__name__,
        time=now,
        seller_id=message.seller_id,
        correlation_id=identity,
    )
    return Received(envelope, message, Via.KAFKA, b"", now)


async def _skip_to_ends(bootstrap: str) -> None:
    """Every group has read everything: what an earlier run has told is none of the next one's."""
    await asyncio.gather(*(_skip(bootstrap, group=group, topic=topic) for group, topic in consumer_groups().items()))


async def _skip(bootstrap: str, *, group: str, topic: str) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, at) for at in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.commit(dict(await consumer.end_offsets(places)))
    finally:
        await stop_consumer(consumer)


def _database(dsn: str) -> str:
    return urlsplit(dsn).path.lstrip("/")
