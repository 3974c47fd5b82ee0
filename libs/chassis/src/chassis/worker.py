"""Work that decisions can't do, since it waits for the outside, and that the leading process does beside its lanes. What comes
of it is reported as messages of the service's own (`OwnReport`), decided in a lane like any other.

When rounds are made is here; what a round does is the service's, and who leads is decided in `election`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import Column

from chassis.desk import S
from chassis.kafka import ClosingError
from chassis.lane import IntakeStoppedError, Lane, Wait
from chassis.outcomes import Received, Via, hash_of
from contracts.envelope import Envelope, OwnReport

Round: TypeAlias = Callable[[Wait], Awaitable[bool]]
"""Does what is to be done now; true when there may be more at once. Raises as `Lane.run` does."""


class Worker(Protocol):
    """One a process, made when the process starts; it works while the process leads."""

    async def work(self, wait: Wait) -> bool:
        """One round, see `Round`. May be canceled at any await, when the lead is lost."""

    async def close(self) -> None:
        """Let go of what is kept between rounds; the process stops."""


@dataclass(frozen=True, slots=True)
class Duty(Generic[S]):
    """What a service's plan says of a worker. `due` is a column of instants: rows whose instant has come are work to be done,
    which `/status` counts. The worker has a lane of its own, called `name`, for its reports.
    """

    name: str
    make: Callable[[Lane[S]], Worker]
    due: Column[Any]


@dataclass(slots=True)
class Patrol:
    """Makes rounds while its process leads: when knocked, and every `poll_seconds` anyway."""

    round: Round
    poll_seconds: float
    closing: asyncio.Event
    _knock: asyncio.Event = field(default_factory=asyncio.Event)
    _at_rest: asyncio.Event | None = None

    def knock(self) -> None:
        """There may be something to do."""
        self._knock.set()

    async def ended(self) -> None:
        """Returns once no round is under way; to be awaited when `closing` is set."""
        self.knock()
        if self._at_rest is not None:
            await self._at_rest.wait()

    async def run(self) -> None:
        """Until the service stops. Raises a StorageError that does not pass by itself."""
        self._at_rest = asyncio.Event()
        try:
            with suppress(ClosingError):
                await self._rounds()
        finally:
            self._at_rest.set()

    async def _rounds(self) -> None:
        while not self.closing.is_set():
            self._knock.clear()
            try:
                more = await self.round(self._wait)
            except IntakeStoppedError:
                await self.closing.wait()
                return
            if not more and not self.closing.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.poll_seconds):
                        await self._knock.wait()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.closing.wait()
            raise ClosingError


def reported(service: str, name: str, reports: Sequence[tuple[UUID, OwnReport, UUID]], now: datetime) -> list[Received]:
    """Reports as messages; each comes with its id and its correlation id. The same id is the same report, with one effect."""
    return [_received(f"{own_sources(service)}{name}", *report, now) for report in reports]


def own_sources(service: str) -> str:
    """How the sources of a service's reports begin: no record may claim one, its id could stand in a report's way."""
    return f"/{service}/own/"


def _received(source: str, report_id: UUID, body: OwnReport, correlation_id: UUID, now: datetime) -> Received:
    envelope = Envelope(source, report_id, type(body).__name__, now, body.seller_id, correlation_id)
    return Received(envelope, body, Via.OWN, hash_of(envelope.type, body.model_dump_json().encode()), now)
