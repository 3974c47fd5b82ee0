"""A service's database as its migrations make it, and whether that is what its tables say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chassis.migration import upgrade
from devkit.checkout import ROOT

from support.embedded import unique_name

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from devkit.databases import DatabaseServer

COLUMNS = """SELECT table_name, column_name, data_type, is_nullable, collation_name, is_identity
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"""
CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
QUESTIONS = (COLUMNS, CONSTRAINTS, INDEXES)


@asynccontextmanager
async def migrated(postgres: DatabaseServer, service: str) -> AsyncIterator[tuple[str, AsyncEngine]]:
    """A database of its own at the service's latest schema: its address, and an engine on it."""
    name = unique_name(service)
    dsn = postgres.create_database(name)
    await asyncio.to_thread(upgrade, ROOT / "services" / service / "alembic.ini", dsn)
    engine = create_async_engine(dsn, poolclass=NullPool)
    yield dsn, engine
    await engine.dispose()
    postgres.drop_database(name)


async def empty(engine: AsyncEngine, metadata: MetaData) -> None:
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {names}"))


async def assert_as_the_tables(engine: AsyncEngine, metadata: MetaData, postgres: DatabaseServer) -> None:
    """Columns, constraints and indexes are those of a database that is made from the tables."""
    name = unique_name("tables")
    other = create_async_engine(postgres.create_database(name), poolclass=NullPool)
    async with other.begin() as made, engine.connect() as found:
        await made.run_sync(metadata.create_all)
        for question in QUESTIONS:
            wanted = (await made.execute(text(question))).all()
            there = [row for row in (await found.execute(text(question))).all() if not row[0].endswith("_version")]
            assert len(wanted) > 5
            assert there == wanted
    await other.dispose()
    postgres.drop_database(name)
