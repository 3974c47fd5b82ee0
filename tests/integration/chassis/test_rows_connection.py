"""Rows on PostgreSQL when the connection is the trouble: what a service has to survive is told apart from what stops it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.failures import Failure, StorageError, failure_of
from chassis.postgres import is_lost, translated
from chassis.transaction import PostgresTransactions, Transaction

from support.embedded import unique_name
from support.row_tables import metadata, shelf
from support.toy import TABLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncEngine

    from chassis.postgres import PostgresRows
    from devkit.databases import DatabaseServer

    Begin = Callable[[], AbstractAsyncContextManager[Transaction]]


@pytest.fixture
async def engine(postgres: DatabaseServer) -> AsyncIterator[AsyncEngine]:
    postgres.drop_database("wharf_rows_connection")
    engine = create_async_engine(postgres.create_database("wharf_rows_connection"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield engine
    await engine.dispose()


async def test_a_connection_that_the_server_ends_passes_and_the_pool_makes_a_new_one(engine: AsyncEngine) -> None:
    transactions = PostgresTransactions(engine, TABLES)
    for begin in (transactions.begin, transactions.once, transactions.begin):
        with pytest.raises(StorageError) as raised:
            await _lock_on_a_connection_that_ends(engine, begin)
        assert failure_of(raised.value) is Failure.PASSING
    async with transactions.begin() as tx:
        assert await tx.rows.lock(shelf, [("s", 1)]) == []


@pytest.mark.parametrize("turns", range(14))
async def test_a_transaction_whose_begin_was_given_up_costs_no_other_its_commit(engine: AsyncEngine, turns: int) -> None:
    """Its connection may have begun all the same: nobody may take it for one that has not."""
    transactions = PostgresTransactions(engine, TABLES)
    await _stocked(transactions, 0)
    given_up = asyncio.create_task(_stocked(transactions, 1))
    for _ in range(turns):
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait([given_up])
    await _stocked(transactions, 2)
    async with engine.connect() as connection:
        assert {0, 2} <= set(await connection.scalars(text("SELECT place FROM shelf")))


async def test_connections_that_ended_while_nobody_looked_cost_no_try(engine: AsyncEngine, postgres: DatabaseServer) -> None:
    ended: asyncio.Queue[Any] = asyncio.Queue()
    async with engine.connect() as one, engine.connect() as other:
        pids = [await connection.scalar(text("SELECT pg_backend_pid()")) for connection in (one, other)]
        for connection in (one, other):
            driver: Any = (await connection.get_raw_connection()).driver_connection
            driver.add_termination_listener(ended.put_nowait)
    postgres.execute(*(f"SELECT pg_terminate_backend({pid}, 5000);" for pid in pids))
    async with asyncio.timeout(20):
        await ended.get()
        await ended.get()
    await _stocked(PostgresTransactions(engine, TABLES), 0)


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (asyncio.CancelledError(), True),
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (StorageError("08006"), True),
        (StorageError("40P01"), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_what_the_server_has_answered_is_known(error: BaseException, *, lost: bool) -> None:
    assert is_lost(error) is lost


async def _stocked(transactions: PostgresTransactions, place: int) -> None:
    async with transactions.begin() as tx:
        await tx.rows.insert(shelf, [("s", place, 1, 0, None)])


async def _lock_on_a_connection_that_ends(engine: AsyncEngine, begin: Begin) -> None:
    async with engine.connect() as observer, begin() as tx:
        pid = cast("PostgresRows", tx.rows).driver.get_server_pid()
        await observer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        await tx.rows.lock(shelf, [("s", 1)])


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_ended_while_nobody_looked_passes_however_far_the_news_has_come(
    engine: AsyncEngine, postgres: DatabaseServer, turns: int
) -> None:
    """As of a leader that stood still: between the server's last word and the connection's end, the driver tells of a bug."""
    async with engine.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        driver: Any = (await connection.get_raw_connection()).driver_connection
        postgres.execute(f"SELECT pg_terminate_backend({pid}, 5000);")  # the loop stands still meanwhile
        for _ in range(turns):
            await asyncio.sleep(0)
        with pytest.raises(StorageError) as raised, translated():
            await driver.execute("SELECT 1")
        await connection.invalidate()
    assert failure_of(raised.value) is Failure.PASSING


@pytest.mark.parametrize("turns", range(6))
def test_a_connection_that_has_just_ended_passes_on_uvloop(postgres: DatabaseServer, turns: int) -> None:
    assert uvloop.run(_failure_on_a_connection_that_has_just_ended(postgres, turns)) is Failure.PASSING


async def _failure_on_a_connection_that_has_just_ended(postgres: DatabaseServer, turns: int) -> Failure:
    transactions = PostgresTransactions(create_async_engine(postgres.create_database(unique_name("ended"))), TABLES)
    with pytest.raises(StorageError) as raised:
        await _use_a_connection_that_has_just_ended(transactions, turns)
    await transactions.engine.dispose()
    return failure_of(raised.value)


async def _use_a_connection_that_has_just_ended(transactions: PostgresTransactions, turns: int) -> None:
    async with transactions.begin() as tx:
        driver = cast("PostgresRows", tx.rows).driver
        driver._transport.abort()
        for _ in range(turns):
            await asyncio.sleep(0)
        await driver.execute("SELECT 1")


async def test_a_server_that_is_not_there_passes() -> None:
    nowhere = create_async_engine("postgresql+asyncpg://wharf@127.0.0.1:1/wharf")
    with pytest.raises(StorageError) as raised, translated():
        await nowhere.connect()
    assert failure_of(raised.value) is Failure.PASSING


async def test_a_table_that_is_not_there_stops_the_service(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    with pytest.raises(StorageError) as raised:
        async with PostgresTransactions(engine, TABLES).begin() as tx:
            await tx.rows.lock(shelf, [("s", 1)])
    assert failure_of(raised.value) is Failure.FATAL


async def test_what_a_block_did_is_gone_when_it_raises_or_is_canceled_and_its_connection_is_used_again(
    engine: AsyncEngine,
) -> None:
    transactions = PostgresTransactions(engine, TABLES)
    with pytest.raises(ZeroDivisionError):
        await _write_and_raise(transactions)
    with pytest.raises(TimeoutError):
        await _write_and_be_canceled(transactions)
    async with transactions.begin() as tx:
        assert await tx.rows.find(shelf, ("seller_id",), [("s",)]) == []
    assert engine.pool.checkedout() == 0


async def test_a_block_of_one_statement_commits_it(engine: AsyncEngine) -> None:
    transactions = PostgresTransactions(engine, TABLES)
    async with transactions.once() as tx:
        await tx.rows.insert(shelf, [("s", 1, 5, 0, None)])
    async with transactions.once() as tx:
        assert len(await tx.rows.find(shelf, ("seller_id",), [("s",)])) == 1


async def _write_and_raise(transactions: PostgresTransactions) -> None:
    async with transactions.begin() as tx:
        await tx.rows.insert(shelf, [("s", 1, 5, 0, None)])
        raise ZeroDivisionError


async def _write_and_be_canceled(transactions: PostgresTransactions) -> None:
    async with asyncio.timeout(0.1), transactions.begin() as tx:
        await tx.rows.insert(shelf, [("s", 2, 5, 0, None)])
        await cast("PostgresRows", tx.rows).driver.execute("SELECT pg_sleep(60)")
