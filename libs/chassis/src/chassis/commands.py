"""Commands that came over HTTP on their way to the processor.

Those that arrive together are decided together: one batch is under way while the next one collects. What a request looks like
and what its client is told is in `sending`.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from chassis.lane import IntakeStoppedError, Lane, UnavailableError, Wait
from chassis.outcomes import Outcome, Received

BATCH_MESSAGES_MAX = 200
BATCH_BYTES_MAX = 4_000_000
WAITING_MESSAGES_MAX = 5_000
PATIENCE_SECONDS = 2.0
"""How long a batch is tried again while the database is away."""
ANSWER_SECONDS_MAX = 10.0
"""How long a client waits in all, if the database neither answers nor fails."""


class StoppingError(RuntimeError):
    """The service is about to stop and takes no more commands."""


class CrowdedError(RuntimeError):
    """More commands wait than will be answered in time."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One command and the place where its client waits."""

    received: Received
    size_bytes: int
    outcome: asyncio.Future[Outcome]


@dataclass(slots=True)
class Commands:
    """The way from HTTP to the processor. `run` is a task of the service; without it nobody is answered."""

    lane: Lane[Any]
    wait: Wait = asyncio.sleep
    _waiting: deque[Waiting] = field(default_factory=deque)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    async def decide(self, received: Received, size_bytes: int) -> Outcome:
        """The outcome, once it is committed. Raises UnavailableError, IntakeStoppedError, StoppingError or CrowdedError; after
        the first two the same command may be sent again, whether or not it had its effect.

        A client that goes away takes nothing back: its command is decided all the same.
        """
        if self._stopping:
            raise StoppingError
        if len(self._waiting) >= WAITING_MESSAGES_MAX:
            raise CrowdedError
        place: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(received, size_bytes, place))
        self._came.set()
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                return await place
        except TimeoutError as error:
            raise UnavailableError("no answer in time") from error

    async def run(self) -> None:
        """Take batches until `stop`. Raises what nobody understands: then the service stops."""
        while self._waiting or not self._stopping:
            if self._waiting:
                await self._take(self._next_batch())
            else:
                self._came.clear()
                await self._came.wait()

    def stop(self) -> None:
        """Take no more; `run` ends when what came before is answered."""
        self._stopping = True
        self._came.set()

    @property
    def waiting_messages(self) -> int:
        return len(self._waiting)

    def _next_batch(self) -> list[Waiting]:
        batch = [self._waiting.popleft()]
        size_bytes = batch[0].size_bytes
        while self._waiting and len(batch) < BATCH_MESSAGES_MAX:
            size_bytes += self._waiting[0].size_bytes
            if size_bytes > BATCH_BYTES_MAX:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _take(self, batch: list[Waiting]) -> None:
        messages = [waiting.received for waiting in batch]
        try:
            outcomes = await self.lane.run(messages, self.wait, patience_seconds=PATIENCE_SECONDS)
        except (UnavailableError, IntakeStoppedError) as error:
            _fail(batch, error)
        except BaseException:
            self.stop()
            _fail([*batch, *self._waiting], UnavailableError("the service stops"))
            self._waiting.clear()
            raise
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if not waiting.outcome.done():  # its client may have gone
                    waiting.outcome.set_result(outcome)


def _fail(batch: list[Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(error)
