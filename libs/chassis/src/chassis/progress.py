"""What is known of a lane while it works: for health, metrics, and those who wait until all is quiet."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chassis.gate import Gate


@dataclass(slots=True)
class Progress:
    """`moved_at` is on the monotonic clock, in seconds."""

    messages: int = 0
    repeated: int = 0
    parked: int = 0
    batches_under_way: int = 0
    batches_queued: int = 0
    """Of these, how many wait for their turn at the gate."""
    retries: int = 0
    waiting_because: str | None = None
    moved_at: float = field(default_factory=time.monotonic)

    @property
    def has_turn(self) -> bool:
        """A batch is being worked on."""
        return self.batches_under_way > self.batches_queued

    @asynccontextmanager
    async def turn(self, gate: Gate, *, hurried: bool) -> AsyncIterator[None]:
        """Who waits at the gate does not hang: others do, if anybody does."""
        self.batches_queued += 1
        is_queued = True
        try:
            async with gate.turn(hurried=hurried):
                self.batches_queued -= 1
                is_queued = False
                self.moved_at = time.monotonic()
                yield
        finally:
            self.batches_queued -= is_queued
