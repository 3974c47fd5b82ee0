"""Inventory's store behind the processor, on PostgreSQL as its migrations make it or on rows in memory."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.clock import DrivenClock
from chassis.memory import Memory, Pause
from chassis.outcomes import Accepted, Received, Via
from chassis.processor import process
from chassis.transaction import MemoryTransactions, PostgresTransactions
from contracts.envelope import Envelope
from contracts.identity import timed_id
from inventory import tables
from inventory.decisions import DESK

from support.inventory import NOON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table

    from chassis.outcomes import Outcome
    from chassis.transaction import Transactions
    from contracts.envelope import Message

INVENTORY = Path(__file__).parents[2] / "services" / "inventory"


def migrate(dsn: str, revision: str = "head") -> None:
    """To the latest schema, as the launcher does it. Not from within an event loop."""
    command.upgrade(_configuration(dsn), revision)


def downgrade(dsn: str, revision: str = "base") -> None:
    """To nothing, or to an older schema."""
    command.downgrade(_configuration(dsn), revision)


def _configuration(dsn: str) -> Config:
    return Config(str(INVENTORY / "alembic.ini"), cmd_opts=argparse.Namespace(x=[f"dsn={dsn}"]))


@dataclass
class Inventory:
    """One process of the service."""

    transactions: Transactions
    clock: DrivenClock = field(default_factory=lambda: DrivenClock(NOON))
    count: int = 0
    engine: AsyncEngine | None = None
    memory: Memory | None = None

    @classmethod
    def on_postgres(cls, dsn: str) -> Inventory:
        engine = create_async_engine(dsn)
        return cls(PostgresTransactions(engine, tables.SERVICE), engine=engine)

    @classmethod
    def in_memory(cls, memory: Memory | None = None, pause: Pause | None = None) -> Inventory:
        memory = memory or Memory()
        return cls(MemoryTransactions(memory, tables.SERVICE, pause), memory=memory)

    async def tell(self, *messages: Message) -> list[str]:
        """Decide messages in one batch; returns the names of all facts."""
        outcomes = await self.take([self.received(message) for message in messages])
        return [fact.type for outcome in outcomes if isinstance(outcome, Accepted) for fact in outcome.facts]

    async def take(self, batch: Sequence[Received]) -> list[Outcome]:
        outcomes = await process(self.transactions, self.clock, DESK, batch)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
        return outcomes

    def received(self, message: Message) -> Received:
        self.count += 1
        kind = type(message).__name__
        identity = timed_id(NOON, "test", str(id(self)), str(self.count))
        envelope = Envelope("/test", identity, kind, NOON, message.seller_id, identity)
        return Received(envelope, message, Via.KAFKA, b"", NOON)

    async def rows(self, table: Table) -> list[Any]:
        """What is committed, in key order."""
        if self.memory is not None:
            return self.memory.committed(table)
        assert self.engine is not None
        async with self.engine.connect() as connection:
            return list((await connection.execute(select(table).order_by(*table.primary_key))).all())

    async def close(self) -> None:
        if self.engine is not None:
            await self.engine.dispose()
