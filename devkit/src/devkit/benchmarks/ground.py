"""What a benchmark stands on: a run with a broker and a database server of its own, and what it raises when it can't go on."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from devkit.benchmarks.machine import machine
from devkit.kafka import EmbeddedKafka
from devkit.postgres import EmbeddedPostgres
from devkit.runs import Run
from devkit.stack import Stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from devkit.benchmarks.figures import Cell
    from devkit.benchmarks.machine import Neighbors

POLL_SECONDS = 0.1


class BenchmarkError(Exception):
    """Nothing was measured, or what was measured is not right; the text says why."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The processes are children of `run`, where they can be found by name."""

    run: Run
    stack: Stack

    def facts(self, neighbors: Neighbors) -> dict[str, Cell]:
        """To stand beside what was measured here."""
        return {**machine(self.stack), "cores used by others": round(neighbors.cores(), 2)}


@contextmanager
def ground(name: str, settings: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """Both parts, gone at the end. `settings` of PostgreSQL beside the usual ones. Raises ProcessFailedError."""
    with Run(f"bench-{name}") as run:
        server = EmbeddedPostgres(run, settings=settings).start().server
        yield Ground(run, Stack(EmbeddedKafka(run).start().bootstrap, server))


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """To a service's database, past the service."""
    database = await asyncpg.connect(dsn.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        yield database
    finally:
        await database.close()


async def until(
    done: Callable[[], Awaitable[bool]], what: str, seconds_max: float, *, poll_seconds: float = POLL_SECONDS
) -> None:
    """Ask again and again. Raises BenchmarkError when it takes too long."""
    limit = time.monotonic() + seconds_max
    while not await done():
        if time.monotonic() > limit:
            raise BenchmarkError(f"{what}: not within {seconds_max:.0f} s")
        await asyncio.sleep(poll_seconds)
