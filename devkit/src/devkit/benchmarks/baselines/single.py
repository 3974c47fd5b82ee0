"""B1, one message a transaction: asyncpg without a layer above it, prepared statements, inbox, outbox and a relay; the messages
of different partitions at the same time, acknowledged by the fetch.

Run in the place of a service's own `app`, which WHARF_SERVICE names.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer

from chassis import outbox
from chassis.broker import stop_consumer
from chassis.clock import SystemClock
from chassis.postgres import PostgresRows, record
from chassis.rows import key_names, sql_type
from chassis.sender import KafkaSender, kafka_producer
from chassis.transaction import Transaction
from devkit.benchmarks.baselines.decision import Part, decide, named_part, received_from, setting, tell_ready

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aiokafka import ConsumerRecord
    from sqlalchemy import Table

    from chassis.rows import Tuples
    from chassis.tables import ServiceTables

POOL_CONNECTIONS = 12
FETCH_RECORDS_MAX = 500
FETCH_MILLISECONDS = 200
RELAY_ROWS_MAX = 500
RELAY_PAUSE_SECONDS, RELAY_POLL_SECONDS = 0.005, 0.02
TAKE_OUT = """DELETE FROM outbox WHERE position IN (SELECT position FROM outbox ORDER BY position LIMIT $1)
    RETURNING position, facts"""


class DriverRows(PostgresRows):
    """The stores' statements, straight on the driver's connection. A root that is not there is not held: its key guards it."""

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        return await self._select(table, key_names(table), keys, " FOR UPDATE")

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        return await self._select(table, columns, values, "")

    async def _select(self, table: Table, columns: tuple[str, ...], values: Tuples, ending: str) -> Sequence[Any]:
        """All that a message is about has the same owner: only the last column differs."""
        if not values:
            return []
        *owner, _ = next(iter(values))
        last = sorted({value[-1] for value in values})
        rows: Sequence[Any] = await self.driver.fetch(
            _selection(table, columns) + ending, *owner, last, record_class=record(table)
        )
        return rows


@cache
def _selection(table: Table, columns: tuple[str, ...]) -> str:
    shown = ", ".join(f"{c.name}::text" if sql_type(c) == "jsonb" else c.name for c in table.columns)
    same = [f"{name} = ${place}" for place, name in enumerate(columns[:-1], start=1)]
    wanted = " AND ".join([*same, f"{columns[-1]} = ANY(${len(columns)})"])
    return f"SELECT {shown} FROM {table.name} WHERE {wanted} ORDER BY {', '.join(key_names(table))}"  # noqa: S608 - from tables


@dataclass(frozen=True, slots=True)
class DriverTransactions:
    """Transactions on the driver's own pool."""

    pool: asyncpg.Pool
    tables: ServiceTables

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self.pool.acquire() as driver, driver.transaction():
            yield Transaction(DriverRows(driver), self.tables)


@dataclass(slots=True)
class Server:
    """Takes what its part reads, one message a transaction, until `stopping`."""

    part: Part
    transactions: DriverTransactions
    sender: KafkaSender
    stopping: asyncio.Event

    async def take(self, consumer: AIOKafkaConsumer, types: set[str]) -> None:
        while not self.stopping.is_set():
            fetched = await consumer.getmany(timeout_ms=FETCH_MILLISECONDS, max_records=FETCH_RECORDS_MAX)
            if fetched:
                await asyncio.gather(*(self._take_in_order(records, types) for records in fetched.values()))
                await consumer.commit({at: records[-1].offset + 1 for at, records in fetched.items()})

    async def _take_in_order(self, records: Sequence[ConsumerRecord], types: set[str]) -> None:
        clock = SystemClock()
        for each in records:
            if dict(each.headers)["ce_type"].decode() in types:
                received = received_from(each.headers, each.value, self.part, clock.now())
                async with self.transactions.begin() as tx:
                    await outbox.add(tx, await decide(tx, self.part, received))

    async def relay(self) -> None:
        """In one transaction each: take facts out, send them. A short pause gathers more than the last message has told."""
        while True:
            async with self.transactions.pool.acquire() as driver, driver.transaction():
                rows = await driver.fetch(TAKE_OUT, RELAY_ROWS_MAX)
                facts = [fact for row in sorted(rows) for fact in outbox.facts_of(row["facts"])]
                for result in await self.sender.send(facts):
                    if isinstance(result, Exception):
                        raise result
            await asyncio.sleep(RELAY_PAUSE_SECONDS if rows else RELAY_POLL_SECONDS)


async def serve(part: Part) -> None:
    """Until a signal; raises what a task raises."""
    stopping, bootstrap = asyncio.Event(), setting("KAFKA")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    producer = kafka_producer(bootstrap)
    await producer.start()
    dsn = setting("DATABASE").replace("postgresql+asyncpg://", "postgresql://")
    async with asyncpg.create_pool(dsn, min_size=POOL_CONNECTIONS, max_size=POOL_CONNECTIONS, reset=_as_it_is) as pool:
        server = Server(part, DriverTransactions(pool, part.tables), KafkaSender(producer), stopping)
        async with asyncio.TaskGroup() as group:
            relaying = group.create_task(server.relay())
            async with asyncio.TaskGroup() as takers:
                for topic, types in part.reads.items():
                    takers.create_task(_take_topic(server, bootstrap, topic, {kind.__name__ for kind in types}))
                tell_ready()
            relaying.cancel()
    await producer.stop()


async def _as_it_is(_driver: Any) -> None:
    """A connection that comes back has nothing to be reset; to ask the server would cost a round trip a message."""


async def _take_topic(server: Server, bootstrap: str, topic: str, types: set[str]) -> None:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"{server.part.desk.service}.{topic}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        await server.take(consumer, types)
    finally:
        await stop_consumer(consumer)


if __name__ == "__main__":
    uvloop.run(serve(named_part()))
