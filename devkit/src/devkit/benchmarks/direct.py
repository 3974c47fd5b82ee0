"""A service's decisions in this process, straight on its database: the processor's way without topics and without a service."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from sqlalchemy.ext.asyncio import create_async_engine

from chassis.clock import Clock, SystemClock
from chassis.desk import Desk, S
from chassis.engines import BY_KEYS
from chassis.outcomes import Accepted
from chassis.processor import process
from chassis.transaction import PostgresTransactions
from devkit.benchmarks.ground import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from chassis.outcomes import Fact, Received
    from chassis.tables import ServiceTables
    from chassis.transaction import Transactions

BATCH_MESSAGES = 500


@dataclass(frozen=True, slots=True)
class Direct(Generic[S]):
    """One service on one database."""

    desk: Desk[S]
    transactions: Transactions
    clock: Clock

    async def decide(self, messages: Sequence[Received]) -> list[Fact]:
        """In batches, each in its transaction; the facts that were told. Raises BenchmarkError when one is not accepted."""
        facts: list[Fact] = []
        for begin in range(0, len(messages), BATCH_MESSAGES):
            batch = messages[begin : begin + BATCH_MESSAGES]
            for outcome in await process(self.transactions, self.clock, self.desk, batch):
                if not isinstance(outcome, Accepted):
                    raise BenchmarkError(f"{self.desk.service} has not accepted a message: {outcome}")
                facts.extend(outcome.facts)
        return facts


@asynccontextmanager
async def direct(desk: Desk[S], tables: ServiceTables, dsn: str) -> AsyncIterator[Direct[S]]:
    """Connected to the database until the block ends."""
    engine = create_async_engine(dsn, connect_args={"server_settings": dict(BY_KEYS)})
    try:
        yield Direct(desk, PostgresTransactions(engine, tables), SystemClock())
    finally:
        await engine.dispose()
