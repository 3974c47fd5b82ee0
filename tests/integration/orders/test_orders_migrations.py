"""What the migrations make is what the tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncEngine

from orders import tables

from support.schemas import assert_as_the_tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from devkit.databases import DatabaseServer


async def test_alembic_finds_nothing_to_migrate(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"version_table": "orders_version", "compare_type": True})
        return list(compare_metadata(context, tables.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_columns_keys_and_checks_are_those_of_the_tables(engine: AsyncEngine, postgres: DatabaseServer) -> None:
    await assert_as_the_tables(engine, tables.metadata, postgres)
