"""What the migrations make is what the tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from orders import tables

from support.embedded import unique_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from devkit.databases import DatabaseServer

CONSTRAINTS = text("""
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'orders_version' ORDER BY 1, 2""")
COLUMNS = text("""
    SELECT table_name, column_name, data_type, is_nullable, collation_name, is_identity FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'orders_version' ORDER BY 1, 2""")


async def test_alembic_finds_nothing_to_migrate(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"version_table": "orders_version", "compare_type": True})
        return list(compare_metadata(context, tables.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_columns_keys_and_checks_are_those_of_the_tables(engine: AsyncEngine, postgres: DatabaseServer) -> None:
    name = unique_name("orders_tables")
    other = create_async_engine(postgres.create_database(name), poolclass=NullPool)
    async with other.begin() as made, engine.connect() as migrated:
        await made.run_sync(tables.metadata.create_all)
        for question in (CONSTRAINTS, COLUMNS):
            wanted, found = (await made.execute(question)).all(), (await migrated.execute(question)).all()
            assert len(wanted) > 10
            assert found == wanted
    await other.dispose()
    postgres.drop_database(name)
