"""What the routes of a service stand on. Its `app` builds one; routes find it on the request's app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis.auth import Verifier
from chassis.commands import Commands
from chassis.lane import Works
from chassis.postgres import translated
from chassis.tables import ServiceTables

READ_SECONDS_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Edge:
    """`engine` serves questions, commands go through `commands`, an operator's acts through `works`; `tables`: the chassis'."""

    verifier: Verifier
    commands: Commands
    works: Works[Any]
    engine: AsyncEngine
    tables: ServiceTables

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that can't write and sees one moment, for a bounded time. Raises StorageError, or TimeoutError."""
        async with asyncio.timeout(READ_SECONDS_MAX):
            with translated():
                async with self.engine.connect() as connection:
                    yield await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def edge_of(request: Request) -> Edge:
    return cast("Edge", request.app.state.edge)
