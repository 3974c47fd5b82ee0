"""Inventory on real PostgreSQL and on rows in memory."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from devkit.databases import DatabaseServer

from support.embedded import unique_name
from support.inventory_database import Inventory, migrate

EMPTY = "TRUNCATE inbox, outbox, parked, reservation, reservation_line, item, product, listing, balance, movement, discrepancy"


@pytest.fixture(scope="session")
async def inventory_dsn(postgres: DatabaseServer) -> AsyncIterator[str]:
    """An inventory database at its latest schema; tests empty it before they begin."""
    name = unique_name("inventory")
    dsn = postgres.create_database(name)
    await asyncio.to_thread(migrate, dsn)
    yield dsn
    postgres.drop_database(name)


@pytest.fixture(params=["memory", "postgres"])
async def inventory(request: pytest.FixtureRequest, inventory_dsn: str) -> AsyncIterator[Inventory]:
    """Empty books."""
    if request.param == "memory":
        yield Inventory.in_memory()
        return
    service = Inventory.on_postgres(inventory_dsn)
    await clear(service)
    yield service
    await service.close()


@pytest.fixture
async def on_postgres(inventory_dsn: str) -> AsyncIterator[Inventory]:
    service = Inventory.on_postgres(inventory_dsn)
    await clear(service)
    yield service
    await service.close()


async def clear(service: Inventory) -> None:
    assert service.engine is not None
    async with service.engine.begin() as connection:
        await connection.exec_driver_sql(EMPTY)
