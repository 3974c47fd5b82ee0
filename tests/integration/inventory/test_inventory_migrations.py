"""What the migrations make is what the tables say."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from devkit.databases import DatabaseServer
from inventory import tables

from support.embedded import unique_name
from support.inventory_database import Inventory, downgrade, migrate

COLUMNS = """SELECT table_name, column_name, data_type, is_nullable, collation_name, is_identity
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"""
CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
PARTITIONED = "SELECT partrelid::regclass::text, partstrat FROM pg_partitioned_table"
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


async def test_a_migration_can_be_taken_back_and_made_again(postgres: DatabaseServer) -> None:
    name = unique_name("inventory_back")
    dsn = postgres.create_database(name)
    await asyncio.to_thread(migrate, dsn)
    await asyncio.to_thread(downgrade, dsn)
    await asyncio.to_thread(migrate, dsn)
    await asyncio.to_thread(migrate, dsn)
    postgres.drop_database(name)
