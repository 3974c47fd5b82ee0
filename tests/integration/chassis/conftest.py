"""What several tests of the chassis stand on."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from devkit.databases import DatabaseServer

from support.row_databases import SETTINGS, MemoryDatabase, RowDatabase, open_postgres_database
from support.row_tables import metadata


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """Decisions that raise are logged with their traceback: here that is wanted, and nobody reads it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
async def postgres_rows(postgres: DatabaseServer) -> AsyncIterator[RowDatabase]:
    postgres.drop_database("wharf_rows")
    dsn = postgres.create_database("wharf_rows")
    postgres.execute(*(f"ALTER ROLE wharf_rows SET {name} = '{value}';" for name, value in SETTINGS.items()))
    async with open_postgres_database(dsn, metadata) as database:
        yield database


@pytest.fixture(params=["memory", "postgres"])
def chosen(request: pytest.FixtureRequest) -> RowDatabase:
    """Rows in either implementation. The server is asked for by those that need it only."""
    database: RowDatabase = MemoryDatabase() if request.param == "memory" else request.getfixturevalue("postgres_rows")
    return database


@pytest.fixture
async def database(chosen: RowDatabase) -> RowDatabase:
    """None of them there yet."""
    await chosen.clear()
    return chosen
