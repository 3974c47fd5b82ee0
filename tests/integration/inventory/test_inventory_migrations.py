"""What the migrations make is what the tables say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from contracts.inventory import Disposition
from devkit.databases import DatabaseServer
from inventory import tables

from support.embedded import unique_name
from support.inventory import placed, received, units
from support.inventory_database import Inventory, downgrade, migrate
from support.inventory_removals import BAD, called_off, out, requested, sent_out

COLUMNS = """SELECT table_name, column_name, data_type, is_nullable, collation_name, is_identity
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"""
CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
PARTITIONED = "SELECT partrelid::regclass::text, partstrat FROM pg_partitioned_table"
OLD_LINES = """INSERT INTO reservation_line
    (seller_id, kind, holder_id, line, location_id, sku, taken, released, shipped, is_open) VALUES
    ('shop', 'order', 'o-1', 1, 'network:GB:LBA1', 'mug', 3, 1, 0, true),
    ('shop', 'order', 'o-1', 2, 'network:GB:LBA1', 'plate', 1, 1, 0, false)"""
OLD_ITEMS = """INSERT INTO item (seller_id, sku, revision, sequence, version, changed_at) VALUES
    ('shop', 'mug', 1, 0, 1, '2026-03-02 09:15:19.999999Z'), ('shop', 'plate', 1, 0, 1, '2026-03-02 09:15:20Z')"""
TORN = Disposition.CUSTOMER_DAMAGED
NOT_OF_THE_TABLES = ("inventory_version", *(f"movement_{n}" for n in range(tables.MOVEMENT_PARTITIONS)))


async def answers(engine: AsyncEngine, question: str) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(text(question))]
    return [row for row in rows if row[0] not in NOT_OF_THE_TABLES]


@pytest.mark.parametrize("question", [COLUMNS, CONSTRAINTS, INDEXES, PARTITIONED])
async def test_the_migrated_schema_is_that_of_the_tables(
    question: str, on_postgres: Inventory, postgres: DatabaseServer
) -> None:
    name = unique_name("inventory_tables")
    other = create_async_engine(postgres.create_database(name), poolclass=NullPool)
    async with other.begin() as connection:
        await connection.run_sync(tables.metadata.create_all)
    assert on_postgres.engine is not None
    found = await answers(on_postgres.engine, question)
    assert found
    assert found == await answers(other, question)
    await other.dispose()
    postgres.drop_database(name)


async def test_the_ledger_has_all_its_partitions(on_postgres: Inventory) -> None:
    assert on_postgres.engine is not None
    async with on_postgres.engine.connect() as connection:
        found = await connection.execute(text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'movement'::regclass"))
        assert found.scalar_one() == tables.MOVEMENT_PARTITIONS


async def test_lines_of_orders_come_through_the_migration_that_made_room_for_buckets(postgres: DatabaseServer) -> None:
    async with migrated_to(postgres, "0001") as dsn:
        async with in_database(dsn) as engine:
            await execute(engine, OLD_LINES)
        await asyncio.to_thread(migrate, dsn)
        async with in_database(dsn) as engine:
            lines = "SELECT holder_id, line, taken, bucket FROM reservation_line ORDER BY 1, 2"
            assert await answers(engine, lines) == [("o-1", 1, 3, "available"), ("o-1", 2, 1, "available")]


async def test_items_come_through_the_migration_that_finds_them_by_the_period_of_their_change(postgres: DatabaseServer) -> None:
    async with migrated_to(postgres, "0002") as dsn:
        async with in_database(dsn) as engine:
            await execute(engine, OLD_ITEMS)
        await asyncio.to_thread(migrate, dsn)
        async with in_database(dsn) as engine:
            mug, plate = await answers(engine, "SELECT sku, changed_at, changed_in FROM item ORDER BY 1")
        assert (mug[2], plate[2]) == (tables.period_of(mug[1]), tables.period_of(plate[1]))
        assert plate[2] == mug[2] + 1


async def test_a_hold_that_has_ended_comes_back_through_the_migration_and_an_open_one_stands_in_its_way(
    postgres: DatabaseServer,
) -> None:
    async with migrated_to(postgres) as dsn:
        service = Inventory.on_postgres(dsn)
        await service.tell(received(3), received(1, disposition=TORN), received(1, disposition=Disposition.DEFECTIVE))
        await service.tell(
            *(placed("o-1", units(1, 1)), requested("r-1", out(1, 1), out(2, 2, BAD)), sent_out("r-1", units(2, 1)))
        )
        with pytest.raises(RuntimeError, match="1 lines hold units"):
            await asyncio.to_thread(downgrade, dsn, "0001")
        await service.tell(called_off("r-1"))
        await service.close()
        await asyncio.to_thread(downgrade, dsn, "0001")
        async with in_database(dsn) as engine:
            lines = "SELECT holder_id, line, taken, released, shipped, is_open FROM reservation_line ORDER BY 1, 2"
            assert await answers(engine, lines) == [
                ("o-1", 1, 1, 0, 0, True),
                ("r-1", 1, 1, 1, 0, False),
                ("r-1", 2, 2, 1, 1, False),
            ]
        await asyncio.to_thread(migrate, dsn)


@asynccontextmanager
async def migrated_to(postgres: DatabaseServer, revision: str = "head") -> AsyncIterator[str]:
    name = unique_name("inventory_rows")
    dsn = postgres.create_database(name)
    await asyncio.to_thread(migrate, dsn, revision)
    yield dsn
    postgres.drop_database(name)


@asynccontextmanager
async def in_database(dsn: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(dsn, poolclass=NullPool)
    yield engine
    await engine.dispose()


async def execute(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement))


async def test_a_migration_can_be_taken_back_and_made_again(postgres: DatabaseServer) -> None:
    name = unique_name("inventory_back")
    dsn = postgres.create_database(name)
    await asyncio.to_thread(migrate, dsn)
    await asyncio.to_thread(downgrade, dsn)
    await asyncio.to_thread(migrate, dsn)
    await asyncio.to_thread(migrate, dsn)
    postgres.drop_database(name)
