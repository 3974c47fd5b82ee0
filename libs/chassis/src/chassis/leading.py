"""What the leading process of a service does beside its lanes: relay facts, fire deadlines, publish snapshots, forget old
messages, and what its workers do (`worker`). Who leads is decided in `election`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from chassis.due import BATCH_DEADLINES_MAX, fire_due
from chassis.lane import Lane, Wait
from chassis.worker import Patrol


def due_watch(lane: Lane[Any], poll_seconds: float, closing: asyncio.Event) -> Patrol:
    """Fires what has come, at each tick of a driven clock, and every `poll_seconds` anyway."""

    async def fire(wait: Wait) -> bool:
        return await fire_due(lane, wait) >= BATCH_DEADLINES_MAX

    return Patrol(fire, poll_seconds, closing)


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
