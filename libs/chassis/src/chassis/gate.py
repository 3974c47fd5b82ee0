"""How many batches work on one database at once, and who goes first: HTTP, where somebody waits."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Lets `batches_max` batches through at a time; those in a hurry overtake the others, each kind first come first."""

    def __init__(self, batches_max: int) -> None:
        self._free = batches_max
        self._hurried: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()

    @property
    def hurried_waiting(self) -> bool:
        """Somebody waits for an answer: backlog should come in smaller pieces."""
        return bool(self._hurried)

    @asynccontextmanager
    async def turn(self, *, hurried: bool = False) -> AsyncIterator[None]:
        await self._enter(self._hurried if hurried else self._patient)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, queue: deque[asyncio.Future[None]]) -> None:
        if self._free > 0:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave()  # the turn was given just when its taker went away
            elif place in queue:
                queue.remove(place)
            raise

    def _leave(self) -> None:
        for queue in (self._hurried, self._patient):
            while queue:
                place = queue.popleft()
                if not place.done():
                    place.set_result(None)
                    return
        self._free += 1
