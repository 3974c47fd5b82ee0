"""The two implementations of rows behind one face, so that a test runs on both: begin, see who waits, commit, roll back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.memory import Memory, MemoryRows
from chassis.postgres import PostgresRows, translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Coroutine

    from sqlalchemy import MetaData, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chassis.rows import Rows

WAIT_SECONDS = 10.0
CONNECTIONS = 25
LOOP_TURNS = 50
"""In memory nothing takes time: who is not through after these turns of the event loop waits for another transaction."""
BLOCKED = text("""
    SELECT count(*) FROM pg_locks
    WHERE pid = :pid AND NOT granted AND waitstart < clock_timestamp() - interval '50 ms'""")
"""Longer than the deadlock timeout below, so that the wait that closes a circle is the one that fails, as in memory."""

SETTINGS = {
    "deadlock_timeout": "1ms",
    # with one row a key these make rows be locked in the order in which they are given, as in memory
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
}


class Session(Protocol):
    """One transaction."""

    rows: Rows

    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...
    async def waits(self, task: asyncio.Task[Any]) -> bool:
        """Whether this operation waits for another transaction; False when it is through."""


class RowDatabase(Protocol):
    async def begin(self) -> Session: ...
    async def clear(self) -> None: ...
    async def contents(self, table: Table) -> list[tuple[Any, ...]]: ...


class MemorySession:
    def __init__(self, memory: Memory) -> None:
        self._rows = MemoryRows(memory)
        self.rows: Rows = self._rows

    async def commit(self) -> None:
        await self._rows.commit()

    async def rollback(self) -> None:
        await self._rows.close()

    async def waits(self, task: asyncio.Task[Any]) -> bool:
        for _ in range(LOOP_TURNS):
            if task.done():
                return False
            await asyncio.sleep(0)
        return True


class MemoryDatabase:
    def __init__(self) -> None:
        self.memory = Memory()

    async def begin(self) -> Session:
        return MemorySession(self.memory)

    async def clear(self) -> None:
        self.memory = Memory()

    async def contents(self, table: Table) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.memory.committed(table)]


class PostgresSession:
    def __init__(self, connection: AsyncConnection, driver: Any, observer: AsyncConnection) -> None:
        self._connection = connection
        self._driver = driver
        self._observer = observer
        self._pid = driver.get_server_pid()
        self.rows: Rows = PostgresRows(driver)

    async def commit(self) -> None:
        with translated():
            await self._driver.execute("COMMIT")
        await self._connection.close()

    async def rollback(self) -> None:
        if not self._connection.closed:
            await self._driver.execute("ROLLBACK")
        await self._connection.close()

    async def waits(self, task: asyncio.Task[Any]) -> bool:
        async with asyncio.timeout(WAIT_SECONDS):
            while not task.done():
                if await self._observer.scalar(BLOCKED, {"pid": self._pid}):
                    return not task.done()
                await asyncio.wait([task], timeout=0.002)
        return False


class PostgresDatabase:
    """Needs a role that may set SETTINGS; `open_postgres_database` makes one."""

    def __init__(self, dsn: str, metadata: MetaData) -> None:
        self._engine = create_async_engine(dsn, pool_size=CONNECTIONS)
        self._metadata = metadata
        self._observer: AsyncConnection
        self._begun: list[Session] = []

    async def open(self) -> None:
        self._observer = await self._engine.connect()
        await self._observer.execution_options(isolation_level="AUTOCOMMIT")
        await self._observer.run_sync(self._metadata.drop_all)
        await self._observer.run_sync(self._metadata.create_all)

    async def close(self) -> None:
        await self._observer.close()
        await self._engine.dispose()

    async def begin(self) -> Session:
        connection = await self._engine.connect()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("BEGIN")
        self._begun.append(PostgresSession(connection, driver, self._observer))
        return self._begun[-1]

    async def clear(self) -> None:
        for session in self._begun:  # a test that failed has left its own open
            await session.rollback()
        self._begun.clear()
        names = ", ".join(f'"{table.name}"' for table in self._metadata.sorted_tables)
        await self._observer.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))

    async def contents(self, table: Table) -> list[tuple[Any, ...]]:
        result = await self._observer.execute(table.select().order_by(*table.primary_key.columns))
        return [tuple(row) for row in result]


@asynccontextmanager
async def open_postgres_database(dsn: str, metadata: MetaData) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(dsn, metadata)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def started(operation: Coroutine[Any, Any, Any] | Awaitable[Any]) -> asyncio.Task[Any]:
    """Under way beside the test."""
    return asyncio.ensure_future(operation)


async def outcome(task: asyncio.Task[Any]) -> Any:
    """Its result, waited for with a bound; its exception is raised."""
    return await asyncio.wait_for(task, WAIT_SECONDS)
