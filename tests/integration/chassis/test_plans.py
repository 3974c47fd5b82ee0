"""How the statements of transactions are planned: once, while a table may be empty, and still by keys when it is large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from chassis.engines import BY_KEYS
from chassis.postgres import PostgresRows

from support.embedded import unique_name
from support.row_databases import open_postgres_database
from support.row_tables import label, metadata, shelf

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devkit.databases import DatabaseServer

    Driver = asyncpg.Connection[asyncpg.Record]

LARGE = 20_000
TIMES = 7
"""The server makes custom plans for the first five."""


@pytest.fixture
async def driver(postgres: DatabaseServer) -> AsyncIterator[Driver]:
    name = unique_name("plans")
    dsn = postgres.create_database(name)
    async with open_postgres_database(dsn, metadata):
        driver = await asyncpg.connect(dsn.replace("+asyncpg", ""), server_settings=dict(BY_KEYS))
        yield driver
        await driver.close()
    postgres.drop_database(name)


async def _everything(rows: PostgresRows, place: int) -> None:
    """Each statement that brings keys."""
    await rows.lock(shelf, [("s", place), ("t", place)])
    await rows.claim(shelf, [("s", place, 5, 0, None)])
    await rows.find(shelf, ("seller_id", "place"), [("s", place)])
    async with rows.together():
        await rows.update(shelf, [("s", place, 6, 0, None)])
        await rows.upsert(label, [(place, None, f"me{place}", 1)])
    await rows.find(label, ("owner",), [(f"me{place}",)])
    await rows.due(label, "label_id", -1, 10)
    await rows.delete(label, [(place,)])


async def test_tables_are_not_read_through_that_have_grown_since_the_plan_was_made(driver: Driver) -> None:
    rows = PostgresRows(driver)
    for place in range(TIMES):
        await _everything(rows, place)
    await driver.execute("INSERT INTO shelf SELECT 's', -n, 1, 0, NULL FROM generate_series(1, $1::int) n", LARGE)
    await driver.execute("INSERT INTO \"order\" SELECT n, NULL, 'you', NULL FROM generate_series(100, $1::int) n", LARGE)
    before = await _read_through(driver)
    for place in range(TIMES, 2 * TIMES):
        await _everything(rows, place)
    assert await _read_through(driver) == before


async def _read_through(driver: Driver) -> dict[str, Any]:
    """How often each table was read from end to end."""
    await driver.execute("SELECT pg_stat_force_next_flush()")
    found = await driver.fetch("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ('shelf', 'order')")
    return {row["relname"]: row["seq_scan"] for row in found}
