"""A database with the schema of orders, made by its migrations, and the service on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from orders import tables

from support.embedded import unique_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from devkit.databases import DatabaseServer

CONFIGURATION = Path(__file__).parents[3] / "services" / "orders" / "alembic.ini"


def migrate(connection: Connection) -> None:
    configuration = Config(CONFIGURATION)
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


@pytest.fixture(scope="session")
def orders_dsn(postgres: DatabaseServer) -> Iterator[str]:
    name = unique_name("orders")
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest_asyncio.fixture(scope="session")
async def migrated(orders_dsn: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(orders_dsn, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture
async def engine(migrated: AsyncEngine) -> AsyncEngine:
    """The database without rows."""
    names = ", ".join(f'"{table.name}"' for table in tables.metadata.sorted_tables)
    async with migrated.begin() as connection:
        await connection.execute(text(f"TRUNCATE {names}"))
    return migrated
