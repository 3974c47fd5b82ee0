"""What processes share: the world that outlives them, their service, its workers, and the habits that another part can be put
in the place of. One process is in `process`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Column, Table

from chassis.clock import Clock, DrivenClock
from chassis.desk import Desk
from chassis.intake import Intake
from chassis.lane import Lane
from chassis.relay import Relayed, Sender, relay_once
from chassis.rows import names
from chassis.transaction import Transactions
from chassis.worker import Worker
from devkit.simulation.broker import Broker, Outage, Record
from devkit.simulation.mail_server import MailServer
from devkit.simulation.scheduler import Bell, Scheduler
from devkit.simulation.storage import Database, Wrapping, rows_as_they_are
from devkit.simulation.watch import Watched
from notifications.courier import Courier
from notifications.post import Post

if TYPE_CHECKING:
    from devkit.simulation.process import Process

T = TypeVar("T")

Relay = Callable[[Transactions, Sender, int], Coroutine[Any, Any, Relayed]]
Taking = Callable[[Sequence[Record]], Awaitable[None]]


async def acknowledge_what_was_taken(records: Sequence[Record], take: Taking, acknowledge: Taking) -> None:
    """As Wharf's consumers do."""
    await take(records)
    await acknowledge(records)


def _as_it_is(clock: Clock) -> Clock:
    return clock


@dataclass(slots=True)
class Habits:
    """Parts of a process and orders of doing things, each of which another can be put in the place of."""

    consume: Callable[[Sequence[Record], Taking, Taking], Awaitable[None]] = acknowledge_what_was_taken
    intake: Callable[[Lane[Any]], Intake[Any]] = Intake
    lane: Callable[..., Lane[Any]] = Lane
    stop_at_failure: bool = True
    relay: Relay = relay_once
    courier: Callable[[Lane[Any], Post, int], Worker] = Courier
    deadline_clock: Callable[[Clock], Clock] = _as_it_is
    operator_rows: Wrapping = rows_as_they_are


@dataclass(slots=True)
class World:
    """What outlives every process."""

    scheduler: Scheduler
    broker: Broker
    outage: Outage
    mail_server: MailServer
    dice: Random
    clock: DrivenClock
    ticked: Bell = field(default_factory=Bell)
    failures: list[str] = field(default_factory=list)
    """Why a process ended by itself, which it must never do here."""
    flights: set["asyncio.Task[Any]"] = field(default_factory=set)
    """What goes on although nobody waits for it any more."""

    async def outlive(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work that goes on when who waits is canceled."""
        task = asyncio.get_running_loop().create_task(work)
        self.flights.add(task)
        task.add_done_callback(self.flights.discard)
        return await asyncio.shield(task)


@dataclass(frozen=True, slots=True)
class Employment:
    """One of a service's workers, made when the process starts: it looks again when its table has changed. `due` is a column of
    instants, when they say that there is something to do.
    """

    make: Callable[["Process"], Worker]
    table: Table
    due: Column[Any] | None = None

    def instants(self, database: Database) -> Iterator[datetime]:
        """When there is something to do, past and to come, in no order."""
        if self.due is not None:
            place = names(self.table).index(self.due.name)
            yield from (row[place] for row in database.present(self.table) if row[place] is not None)

    def has_work(self, database: Database, now: datetime) -> bool:
        """There may be something to do; looking every second would find it, too."""
        return self.due is None or any(instant <= now for instant in self.instants(database))


@dataclass(slots=True)
class Service:
    """A service as all its processes share it."""

    desk: Desk[Watched]
    database: Database
    habits: Habits
    employs: Sequence["Employment"] = ()
    leader: str | None = None
    """The process that holds the advisory lock."""
    leader_free: Bell = field(default_factory=Bell)
    started: Bell = field(default_factory=Bell)
    """Rung when one of its processes is up."""

    topics: Sequence[str] = field(init=False)
    """Those with messages that the service decides."""

    def __post_init__(self) -> None:
        self.topics = sorted({kind.topic.name for kind in self.desk.rules if hasattr(kind, "topic")})

    def instants(self) -> Iterator[datetime]:
        """When there is something to do by itself, past and to come, in no order."""
        yield from (row.due_at for row in self.database.deadlines())
        for employment in self.employs:
            yield from employment.instants(self.database)
