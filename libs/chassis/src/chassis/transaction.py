"""Where transactions begin, and the only place where they end."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.memory import Memory, MemoryRows, Pause
from chassis.postgres import PostgresRows, is_lost, translated
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

    def once(self) -> AbstractAsyncContextManager[Transaction]:
        """For a block of one statement, which is a transaction by itself. Raises StorageError."""


@dataclass(frozen=True, slots=True)
class PostgresTransactions:
    engine: AsyncEngine
    tables: ServiceTables

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        # not by SQLAlchemy's `begin`: it sends BEGIN with a statement of its own only, and takes thrice as long. Nor by the
        # driver's: where BEGIN was cut short it takes the next transaction for one inside, which is never committed
        async with self._driver() as driver:
            await driver.execute("BEGIN")
            try:
                yield Transaction(PostgresRows(driver), self.tables)
            except Exception as error:
                if not is_lost(error):
                    await driver.execute("ROLLBACK")
                raise
            await driver.execute("COMMIT")

    @asynccontextmanager
    async def once(self) -> AsyncIterator[Transaction]:
        async with self._driver() as driver:
            yield Transaction(PostgresRows(driver), self.tables)

    @asynccontextmanager
    async def _driver(self) -> AsyncIterator[Any]:
        """Asyncpg's connection, from SQLAlchemy's pool, which does not see what becomes of it. It is not used again when nobody
        knows what became of its last statement.
        """
        with translated():
            async with self.engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                while driver.is_closed():  # since it was used last: when a server has started anew, that is all of them
                    await connection.invalidate()
                    driver = (await connection.get_raw_connection()).driver_connection
                try:
                    yield driver
                except BaseException as error:
                    if is_lost(error):
                        driver.terminate()
                    raise
                finally:
                    if driver.is_closed() or driver.is_in_transaction():
                        await connection.invalidate()


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

    once = begin
