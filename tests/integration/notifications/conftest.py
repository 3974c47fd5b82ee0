"""A database with the schema of notifications, made by its migrations, and the service on it with a mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from notifications import tables

from support.mail import MailHouse, mail_house
from support.post_office import PostOffice, post_office
from support.schemas import empty, migrated

if TYPE_CHECKING:
    from devkit.databases import DatabaseServer


@pytest_asyncio.fixture(scope="session")
async def notifications_database(postgres: DatabaseServer) -> AsyncIterator[tuple[str, AsyncEngine]]:
    async with migrated(postgres, "notifications") as database:
        yield database


@pytest_asyncio.fixture
async def engine(notifications_database: tuple[str, AsyncEngine]) -> AsyncEngine:
    """The database without rows."""
    await empty(notifications_database[1], tables.metadata)
    return notifications_database[1]


@pytest_asyncio.fixture
async def dsn(notifications_database: tuple[str, AsyncEngine], engine: AsyncEngine) -> str:
    """The same database's address."""
    assert engine
    return notifications_database[0]


@pytest_asyncio.fixture
async def house() -> AsyncIterator[MailHouse]:
    async with mail_house() as house:
        yield house


@pytest_asyncio.fixture
async def office(dsn: str, house: MailHouse) -> AsyncIterator[PostOffice]:
    async with post_office(dsn, house) as office:
        yield office
