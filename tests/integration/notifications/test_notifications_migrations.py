"""What the migrations make is what the tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from notifications import tables

from support.schemas import assert_as_the_tables

if TYPE_CHECKING:
    from devkit.databases import DatabaseServer


async def test_the_migrated_schema_is_that_of_the_tables(engine: AsyncEngine, postgres: DatabaseServer) -> None:
    await assert_as_the_tables(engine, tables.metadata, postgres)
