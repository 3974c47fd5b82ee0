"""A database with the schema of removals, made by its migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from removals import tables
from removals.api import router
from removals.decisions import desk

from support.removals import TERMS
from support.schemas import empty, migrated
from support.shop import Shop, open_shop

if TYPE_CHECKING:
    from devkit.databases import DatabaseServer


@pytest_asyncio.fixture(scope="session")
async def removals_database(postgres: DatabaseServer) -> AsyncIterator[tuple[str, AsyncEngine]]:
    async with migrated(postgres, "removals") as database:
        yield database


@pytest_asyncio.fixture
async def engine(removals_database: tuple[str, AsyncEngine]) -> AsyncEngine:
    """The database without rows."""
    await empty(removals_database[1], tables.metadata)
    return removals_database[1]


@pytest_asyncio.fixture
async def dsn(removals_database: tuple[str, AsyncEngine], engine: AsyncEngine) -> str:
    """The same database's address."""
    assert engine
    return removals_database[0]


@pytest_asyncio.fixture
async def shop(dsn: str, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Shop]:
    assert engine
    async with open_shop(dsn, tmp_path, desk(TERMS), tables.SERVICE, [router]) as shop:
        yield shop
