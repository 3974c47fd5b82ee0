"""The relay on an outbox in which a million facts wait, beside one in which a thousand do: facts a second from the database to
Kafka, by the service's own relay in this process.
"""

from __future__ import annotations

import secrets
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.relay import ROUND_ROWS_MAX, Sender, relay_once
from chassis.sender import KafkaSender, kafka_producer
from chassis.transaction import PostgresTransactions
from contracts.orders import FACTS
from devkit.benchmarks.direct import direct
from devkit.benchmarks.figures import Plot, Report, Table
from devkit.benchmarks.ground import BenchmarkError, connected
from devkit.benchmarks.machine import Neighbors
from devkit.benchmarks.pairs import Spread, interleave, ratio
from devkit.benchmarks.processor_time import Meter, pids
from devkit.benchmarks.purchases import purchase, received
from devkit.services import migrated
from devkit.topics import PARTITIONS, make_topics
from orders.decisions import desk
from orders.domain.policy import Policies
from orders.tables import SERVICE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from typing import Self

    from chassis.transaction import Transactions
    from devkit.benchmarks.figures import Cell
    from devkit.benchmarks.ground import Ground

SMALL, LARGE = "small", "large"
MODEL = "model-"
OWN = "relay"
"""This process, in the account of CPU time."""
_KEEP_MODEL = "CREATE TABLE model AS SELECT facts FROM outbox; TRUNCATE outbox"
_FILL = """INSERT INTO outbox (facts) SELECT replace(model.facts, $2, 'past-' || number || '-')
    FROM model, generate_series(1, $1::bigint) AS number"""
"""Each fact with a key of its own, so that they go to all partitions."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Backlogs in facts; rows of `row_facts` each; `facts` are relayed in each measurement, of which there are `pairs`."""

    large: int = 1_000_000
    small: int = 1_000
    row_facts: Sequence[int] = (1, 100)
    facts: int = 20_000
    pairs: int = 5

    @property
    def work(self) -> float:
        """For a progress bar: rows to be made, facts to be relayed."""
        return sum(self.large / each for each in self.row_facts) + 2 * len(self.row_facts) * self.pairs * self.facts


@dataclass(frozen=True, slots=True)
class Measured:
    """Facts a second, and CPU microseconds a fact by process."""

    rate: float
    microseconds: Mapping[str, float]


@dataclass(slots=True)
class Outbox:
    """A database in whose outbox facts wait in rows of `row_facts`, and the way from there to Kafka."""

    ground: Ground
    dsn: str
    transactions: Transactions
    sender: Sender
    consumer: AIOKafkaConsumer
    row_facts: int

    @classmethod
    @asynccontextmanager
    async def open(cls, ground: Ground, row_facts: int) -> AsyncIterator[Self]:
        dsn = ground.stack.postgres.create_database(f"orders_{secrets.token_hex(3)}")
        await migrated({"orders": dsn})
        names = [f"{MODEL}{number}" for number in range(row_facts)]
        async with direct(desk(Policies()), SERVICE, dsn) as orders:
            await orders.decide([received(purchase(number, name), name) for number, name in enumerate(names)])
        async with connected(dsn) as database:
            await database.execute(_KEEP_MODEL)
        engine, bootstrap = create_async_engine(dsn), ground.stack.kafka_bootstrap
        async with kafka_producer(bootstrap) as producer, AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
            yield cls(ground, dsn, PostgresTransactions(engine, SERVICE), KafkaSender(producer), consumer, row_facts)
        await engine.dispose()

    async def fill(self, facts: int) -> None:
        """So many facts more, or a row more if they do not fill the last one."""
        async with connected(self.dsn) as database:
            await database.execute(_FILL, -(-facts // self.row_facts), MODEL)

    async def rest(self) -> None:
        """Nothing of the filling is left to be done."""
        async with connected(self.dsn) as database:
            await database.execute("VACUUM ANALYZE outbox")
        self.ground.stack.postgres.execute("CHECKPOINT;")

    async def relay(self, facts: int) -> int:
        """So many facts or somewhat more, or all there are; returns how many. Raises BenchmarkError when one is not sent."""
        sent = 0
        while sent < facts:
            relayed = await relay_once(self.transactions, self.sender, ROUND_ROWS_MAX)
            if relayed.failure is not None:
                raise BenchmarkError(f"the relay could not send: {relayed.failure!r}")
            if not relayed.rows:
                break
            sent += relayed.sent
        return sent

    async def waiting(self) -> int:
        """Facts in the outbox."""
        async with connected(self.dsn) as database:
            return self.row_facts * int(await database.fetchval("SELECT count(*) FROM outbox"))

    async def told(self) -> int:
        """Records on the topic."""
        ends = await self.consumer.end_offsets([TopicPartition(FACTS.name, at) for at in range(PARTITIONS)])
        return sum(ends.values())

    async def measure(self, backlog: int, facts: int) -> Measured:
        """Relay `facts` of a backlog that is `backlog` facts long, filled up as often as it is empty.

        Raises BenchmarkError when not exactly those are on the topic that have left the outbox.
        """
        told, seconds, sent = await self.told(), 0.0, 0
        meter, own = Meter.start(pids(self.ground.run)), 0.0
        used: dict[str, float] = {}
        while sent < facts:
            await self.fill(backlog - await self.waiting())
            await self.rest()
            before, meter, own = await self.waiting(), Meter.start(pids(self.ground.run)), time.process_time()
            begin = time.monotonic()
            relayed = await self.relay(facts - sent)
            seconds += time.monotonic() - begin
            for name, amount in {**meter.seconds(), OWN: time.process_time() - own}.items():
                used[name] = used.get(name, 0.0) + amount
            sent += relayed
            if before - await self.waiting() != relayed:
                raise BenchmarkError(f"{relayed} facts were sent, {before - await self.waiting()} have left the outbox")
        if await self.told() - told != sent:
            raise BenchmarkError(f"{sent} facts were sent, {await self.told() - told} are on the topic")
        return Measured(sent / seconds, {name: 1_000_000 * amount / sent for name, amount in used.items()})


async def measure(ground: Ground, wanted: Wanted, advance: Callable[[float], None]) -> Report:
    """Raises BenchmarkError."""
    neighbors = Neighbors.watch()
    await make_topics(ground.stack.kafka_bootstrap)
    found = {row_facts: await _measured(ground, wanted, row_facts, advance) for row_facts in wanted.row_facts}
    raw = {f"{row_facts} facts a row": ways for row_facts, ways in found.items()}
    return Report("Relay with a backlog", ground.facts(neighbors), [_table(found, wanted)], [_plot(found)], raw)


async def _measured(
    ground: Ground, wanted: Wanted, row_facts: int, advance: Callable[[float], None]
) -> dict[str, list[Measured]]:
    async with Outbox.open(ground, row_facts) as small, Outbox.open(ground, row_facts) as large:
        await large.fill(wanted.large)
        advance(wanted.large / row_facts)
        ways = {SMALL: (small, wanted.small), LARGE: (large, wanted.large)}

        async def measured(way: str) -> Measured:
            outbox, backlog = ways[way]
            found = await outbox.measure(backlog, wanted.facts)
            advance(wanted.facts)
            return found

        return await interleave(tuple(ways), wanted.pairs, measured)


def _table(found: Mapping[int, Mapping[str, Sequence[Measured]]], wanted: Wanted) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for row_facts, ways in found.items():
        rates = {way: [one.rate for one in measured] for way, measured in ways.items()}
        for way, backlog in ((SMALL, wanted.small), (LARGE, wanted.large)):
            cost = [
                Spread.of([one.microseconds.get(name, 0.0) for one in ways[way]]).median for name in (OWN, "postgres", "kafka")
            ]
            rows.append((f"{backlog:,} waiting, {row_facts} a row", str(Spread.of(rates[way])), *cost))
        rows.append((f"ratio, {row_facts} a row", str(ratio(rates[LARGE], rates[SMALL])), "", "", ""))
    return Table(
        f"Facts from the outbox to Kafka: {wanted.pairs} pairs of {wanted.facts:,}",
        ("backlog", "facts/s", "CPU-us a fact: relay", "PostgreSQL", "Kafka"),
        tuple(rows),
        "Median (range). After each run exactly the facts that have left the outbox are on the topic.",
    )


def _plot(found: Mapping[int, Mapping[str, Sequence[Measured]]]) -> Plot:
    rates = {
        f"{row_facts} a row": {way: Spread.of([one.rate for one in measured]).median for way, measured in ways.items()}
        for row_facts, ways in found.items()
    }
    return Plot.curves("Relay with a small and a large backlog", rates, of="facts a second", axis="facts a row of the outbox")
