"""What a fault is given to break things with, and where it leaves what is to be known of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from random import Random

    from devkit.faults.load import Load
    from devkit.faults.stand import Stand


LOOK_SECONDS = 0.1


@dataclass(slots=True)
class Scene:
    """One playing of a cell. `troubles` are violations that the fault itself has seen, `remarks` what the table should tell."""

    stand: Stand
    load: Load
    dice: Random
    seconds: float
    """How long the fault lasts, for faults that have to share it out."""
    backlog: int
    troubles: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    until: list[Coroutine[None, None, None]] = field(default_factory=list)
    """What has to be over, besides the fault, before it is looked whether all goes as before."""
    finally_true: list[Callable[[], Coroutine[None, None, list[str]]]] = field(default_factory=list)
    """Further checks, when all is quiet."""


Fault: TypeAlias = Callable[[Scene], AbstractAsyncContextManager[None]]
"""Entered it breaks something, left it mends it."""


@asynccontextmanager
async def calm(_: Scene) -> AsyncIterator[None]:
    """Nothing breaks."""
    yield


async def until(true: Callable[[], bool], *, seconds_max: float) -> None:
    """Look again and again. Raises TimeoutError."""
    limit = time.monotonic() + seconds_max
    while not true():
        if time.monotonic() > limit:
            raise TimeoutError(f"not within {seconds_max:g} s")
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """`work` goes on while inside; what it raises is raised at the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended
