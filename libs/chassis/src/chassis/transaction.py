"""Where transactions begin, and the only place where they end."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.memory import Memory, MemoryRows, Pause
from chassis.postgres import PostgresRows, translated
from chassis.rows import Rows
from chassis.tables import ServiceTables


@dataclass(frozen=True, slots=True)
class Transaction:
    """Rows, and the tables that the chassis keeps in this schema."""

    rows: Rows
    tables: ServiceTables


class Transactions(Protocol):
    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits when the block ends, rolls back when it raises. Raises StorageError."""


@dataclass(frozen=True, slots=True)
class PostgresTransactions:
    engine: AsyncEngine
    tables: ServiceTables

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        with translated():
            async with self.engine.begin() as connection:
                yield Transaction(PostgresRows(connection), self.tables)


@dataclass(frozen=True, slots=True)
class MemoryTransactions:
    memory: Memory
    tables: ServiceTables
    pause: Pause | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        rows = MemoryRows(self.memory, self.pause)
        try:
            yield Transaction(rows, self.tables)
            await rows.commit()
        finally:
            await rows.close()
