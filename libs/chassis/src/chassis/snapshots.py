"""Publishes the current state of objects to a compacted topic, beside the relay, in the process that leads. What a snapshot
says is the service's (`find`); that it may be late, or come twice, is in the topic's promise: readers look at its version.

A snapshot tells the state, not what happened: none is lost by being skipped, so none needs the outbox.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis.clock import Clock
from chassis.failures import Failure, StorageError, failure_of
from chassis.outbox import Outgoing
from chassis.postgres import translated
from chassis.relay import Sender
from contracts.envelope import Envelope, Subject, Topic
from contracts.identity import timed_id

log = structlog.get_logger()

PAGE_OBJECTS = 500
OVERLAP = timedelta(seconds=10)
"""How much later than the instant it carries a change may be committed, and still be seen at once."""
LATELY = timedelta(days=2)
AGAIN = timedelta(days=1)
"""So often, and after each election, everything that changed lately goes out again: what was missed comes then."""
PAUSE_SECONDS = 1.0
"""Between two rounds, when there is something to tell; changes of an object within it go out as one."""
POLL_SECONDS = 30.0
VERSIONS_REMEMBERED = 50_000
ONE_MOMENT = "REPEATABLE READ"
"""A service may read versions and what belongs to them in more than one statement: between two, a batch may commit."""


class Snapshot(Protocol):
    """A message that tells how an object stands."""

    @property
    def topic(self) -> Topic: ...
    @property
    def subject(self) -> Subject: ...
    @property
    def seller_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def changed_at(self) -> datetime: ...
    def model_dump_json(self) -> str: ...


Place: TypeAlias = tuple[datetime, str, str]
"""Where a snapshot stands in the order of changes: when its object changed, whose it is, its id. Before all of an instant: two
empty texts.
"""

Find: TypeAlias = Callable[[AsyncConnection, Place, int], Awaitable[Sequence[Snapshot]]]
"""The first snapshots behind a place, in order, at most so many. All of it is of one moment."""


@dataclass(slots=True)
class Publisher:
    service: str
    engine: AsyncEngine
    find: Find
    sender: Sender
    clock: Clock
    _versions: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _knock: asyncio.Event = field(default_factory=asyncio.Event)

    def knock(self) -> None:
        """Something may have changed."""
        self._knock.set()

    async def run(self) -> None:
        """Publish until canceled. Raises a StorageError that does not pass by itself."""
        self._versions.clear()
        watermark = self.clock.now() - LATELY
        again_at = self.clock.now() + AGAIN
        while True:
            self._knock.clear()
            if self.clock.now() >= again_at:
                watermark, again_at = self.clock.now() - LATELY, self.clock.now() + AGAIN
                self._versions.clear()
            try:
                watermark = await self._catch_up(watermark)
            except (StorageError, OSError) as error:
                if failure_of(error) is not Failure.PASSING:
                    raise
                log.warning("snapshots_wait", error=repr(error))
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._knock.wait()

    async def _catch_up(self, watermark: datetime) -> datetime:
        """Publish what changed since; returns up to when that is done."""
        place: Place = (watermark - OVERLAP, "", "")
        while True:
            begun = time.monotonic()
            with translated():
                async with self.engine.connect() as connection:
                    await connection.execution_options(isolation_level=ONE_MOMENT)
                    found = await self.find(connection, place, PAGE_OBJECTS)
            if not await self._publish(found):
                return watermark
            if found:
                last = found[-1]
                place, watermark = (last.changed_at, last.seller_id, last.subject.id), max(watermark, last.changed_at)
            if len(found) < PAGE_OBJECTS:
                log.debug("snapshots_published", objects=len(found), seconds=round(time.monotonic() - begun, 3))
                return watermark

    async def _publish(self, found: Sequence[Snapshot]) -> bool:
        news = [one for one in found if self._versions.get(one.subject.key) != one.version]
        results = await self.sender.send([outgoing(snapshot, self.service) for snapshot in news])
        for snapshot, result in zip(news, results, strict=True):
            if result is True:
                self._versions[snapshot.subject.key] = snapshot.version
                self._versions.move_to_end(snapshot.subject.key)
        while len(self._versions) > VERSIONS_REMEMBERED:
            self._versions.popitem(last=False)
        return all(result is True for result in results)


def outgoing(snapshot: Snapshot, service: str) -> Outgoing:
    """The record of a snapshot. The same version always has the same id."""
    type_name, subject = type(snapshot).__name__, snapshot.subject
    message_id = timed_id(snapshot.changed_at, type_name, subject.key, str(snapshot.version))
    envelope = Envelope(
        source=f"/{service}",
        id=message_id,
        type=type_name,
        time=snapshot.changed_at,
        seller_id=snapshot.seller_id,
        correlation_id=message_id,
        sequence=snapshot.version,
    )
    headers = orjson.dumps(envelope.headers(subject)).decode()
    return Outgoing(snapshot.topic.name, subject.key, headers, snapshot.model_dump_json(), type_name)
