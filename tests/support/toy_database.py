"""The toy service's tables on a real PostgreSQL or in memory, empty."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import create_async_engine

from chassis.memory import Memory
from chassis.transaction import MemoryTransactions, PostgresTransactions, Transactions

from support.toy import TABLES, metadata


@asynccontextmanager
async def toy_on_postgres(dsn: str) -> AsyncIterator[Transactions]:
    """Drops and makes the tables in the database at `dsn`."""
    engine = create_async_engine(dsn, pool_size=10)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
    try:
        yield PostgresTransactions(engine, TABLES)
    finally:
        await engine.dispose()


def toy_in_memory() -> Transactions:
    return MemoryTransactions(Memory(), TABLES)
