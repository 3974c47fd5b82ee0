"""A database with the schema of orders, made by its migrations, and the service on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from orders import tables

from support.schemas import empty, migrated

if TYPE_CHECKING:
    from devkit.databases import DatabaseServer


@pytest_asyncio.fixture(scope="session")
async def orders_database(postgres: DatabaseServer) -> AsyncIterator[tuple[str, AsyncEngine]]:
    async with migrated(postgres, "orders") as database:
        yield database


@pytest_asyncio.fixture
async def engine(orders_database: tuple[str, AsyncEngine]) -> AsyncEngine:
    """The database without rows."""
    await empty(orders_database[1], tables.metadata)
    return orders_database[1]


@pytest_asyncio.fixture
async def orders_dsn(orders_database: tuple[str, AsyncEngine]) -> str:
    """The same database's address."""
    return orders_database[0]
