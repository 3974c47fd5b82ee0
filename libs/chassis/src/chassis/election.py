"""Which process of a service leads: relays facts, fires deadlines, publishes snapshots. One a database, by a session lock of
PostgreSQL's on a connection of its own; whoever loses the connection has lost the lead. Two that think they lead for a moment
do no harm: what is sent or fired twice is absorbed.

The others tell the leader that there is something to send, after their commit and not in it: NOTIFY in a transaction makes all
commits of the database that notify queue up, and the leader looks by itself anyway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.failures import StorageError
from chassis.postgres import translated

log = structlog.get_logger()

POLL_SECONDS = 0.5
"""How often the others try to become the one, and the leader sees whether its connection still stands."""
ANSWER_SECONDS_MAX = 5.0
RETRY_SECONDS = 1.0
CHANNEL = "wharf_outbox"
LOCK = (0x77686172, 1)
"""The two-part kind of advisory lock, which no row's name can meet: those have one part."""
SILENT_SECONDS_MAX = 5
KEEP_ALIVE = (
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; "
    f"SET idle_session_timeout = '{SILENT_SECONDS_MAX}s'"
)
"""So that the server notices within a dozen seconds when a leader's machine is gone, sooner when only the leader stands still,
and lets its lock go.
"""


@dataclass(slots=True)
class Election:
    """`lead` runs while this process leads; it is canceled when the lead is lost, and what it raises ends `run`."""

    engine: AsyncEngine
    lead: Callable[[], Awaitable[None]]
    knocked: Callable[[], None]
    """Called in the leader when another process has committed facts."""
    leading: bool = False
    reachable: bool = False
    _knock: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """There is something to send: goes to the leader, wherever it is. Costs nothing here and now."""
        if self.leading:
            self.knocked()
        else:
            self._knock.set()

    async def run(self) -> None:
        """Take part until canceled. Raises what `lead` raises."""
        while True:
            try:
                await self._take_part()
            except (StorageError, OSError) as error:
                if self._task is not None and self._task.done():
                    self._task.result()  # that was the lead's own
                log.warning("election_connection_lost", led=self.leading, error=repr(error))
            finally:
                self.reachable = False
                await self._step_down()
            await asyncio.sleep(RETRY_SECONDS)

    async def _take_part(self) -> None:
        with translated():
            await self._connect()

    async def _connect(self) -> None:
        async with self.engine.connect() as held:
            connection: Any = (await held.get_raw_connection()).driver_connection
            try:
                await connection.execute(KEEP_ALIVE)
                while True:
                    async with asyncio.timeout(ANSWER_SECONDS_MAX):
                        await self._turn(connection)
                    self.reachable = True
                    await self._pause()
            finally:
                await held.invalidate()  # the lock goes with the connection, which must not come back to the pool

    async def _turn(self, connection: Any) -> None:
        if self.leading:
            await connection.execute("SELECT 1")
        elif await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", *LOCK):
            await connection.add_listener(CHANNEL, lambda *_: self.knocked())
            self._step_up()
        elif self._knock.is_set():
            self._knock.clear()
            await connection.execute(f"NOTIFY {CHANNEL}")

    async def _pause(self) -> None:
        """Until the next turn is due; sooner when there is something to tell, or the lead has ended by itself."""
        if self._task is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._knock.wait()
            return
        done, _ = await asyncio.wait([self._task], timeout=POLL_SECONDS)
        if done:
            self._task.result()

    def _step_up(self) -> None:
        log.info("lead_taken")
        self.leading = True
        self._task = asyncio.ensure_future(self.lead())

    async def _step_down(self) -> None:
        task, self._task, self.leading = self._task, None, False
        if task is not None and not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
