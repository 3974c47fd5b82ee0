"""What the leading process of a service does beside its lanes: relay facts, fire deadlines, publish snapshots, forget old
messages. Who leads is decided in `election`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from chassis.due import BATCH_DEADLINES_MAX, fire_due
from chassis.kafka import ClosingError
from chassis.lane import IntakeStoppedError, Lane

log = structlog.get_logger()


@dataclass(slots=True)
class DueWatch:
    """Fires what has come, at each tick of a driven clock, and every `poll_seconds` anyway."""

    lane: Lane[Any]
    poll_seconds: float
    closing: asyncio.Event
    _knock: asyncio.Event = field(default_factory=asyncio.Event)

    def knock(self) -> None:
        """Something may be due."""
        self._knock.set()

    async def run(self) -> None:
        """Until the service stops. Raises a StorageError that does not pass by itself."""
        with suppress(ClosingError):
            while not self.closing.is_set():
                self._knock.clear()
                try:
                    fired = await fire_due(self.lane, self._wait)
                except IntakeStoppedError:
                    await self.closing.wait()
                    return
                if fired < BATCH_DEADLINES_MAX:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self.poll_seconds):
                            await self._knock.wait()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.closing.wait()
            raise ClosingError


async def lead(*tasks: Callable[[], Awaitable[None]]) -> None:
    """Run all until canceled; the first that fails ends all, and is raised."""
    running = [asyncio.ensure_future(task()) for task in tasks]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        for one in done:
            one.result()
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
