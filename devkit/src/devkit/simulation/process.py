"""One process of a service, put together from the real parts: lanes, gate, intake, deadlines; in the one that leads also the
relay and the service's workers. It can crash at any await and start anew with nothing but what was committed. The services'
`app` puts the same parts together for real. What it shares with others is in `service`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.due import fire_due
from chassis.gate import Gate
from chassis.lane import Lane, Works
from chassis.outcomes import Outcome, Received
from chassis.relay import Sender
from chassis.transaction import Transactions
from chassis.worker import Worker
from devkit.simulation.broker import BrokerSender, Consumer, Record
from devkit.simulation.service import Employment, Habits, Service, World
from devkit.simulation.storage import Database, SimulatedTransactions

T = TypeVar("T")

GATE_BATCHES = 2
RELAY_ROWS_MAX = 4
DEADLINES_MAX = 8
STEPS_PER_SECOND = 20
"""How long a wait of the services is, in steps of the simulation."""
WAIT_STEPS_MAX = 30


def _told_by_the_database() -> None:
    """The lanes' knock: here the database knocks by itself, at the very instant of a commit."""


class CrashedError(ConnectionError):
    """The process went away while a client waited for it."""


class Process:
    """`name` is that of the service and a number; it stays over restarts."""

    def __init__(self, world: World, service: Service, number: int) -> None:
        self.name = f"{service.desk.service}-{number}"
        self.alive = False
        self.crash_in: int | None = None
        """Crash at this step from now on."""
        self.send_steps = 0
        """How long what it sends is on its way."""
        self.world = world
        self._service = service
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._leading: list[asyncio.Task[Any]] = []
        self._consumers: list[Consumer] = []

    @property
    def service_name(self) -> str:
        return self._service.desk.service

    @property
    def database(self) -> Database:
        return self._service.database

    @property
    def leads(self) -> bool:
        """And knows it."""
        return self._service.leader == self.name

    @property
    def habits(self) -> Habits:
        return self._service.habits

    def now(self) -> datetime:
        """As this process has heard it."""
        return self._clock.now()

    def start(self) -> None:
        """Everything new, but what others keep for it."""
        self.alive, self.crash_in = True, None
        self._clock = DrivenClock(self.world.clock.now())
        database = self._service.database
        transactions, gate, breaker = SimulatedTransactions(database, self.pause), Gate(GATE_BATCHES), Breaker()
        self.works: Works[Any] = Works(
            transactions, self._clock, self._service.desk, gate, breaker, _told_by_the_database, self.world.dice.random
        )
        self._http = self.habits.lane("http", self.works, hurried=True)
        self._workers = [(employment, employment.make(self)) for employment in self._service.employs]
        for topic in self._service.topics:
            self.spawn(self._consume(topic))
        for task in (self._fire_deadlines(), self._lead(), self._follow_clock()):
            self.spawn(task)
        self._service.started.ring()

    def crash(self) -> None:
        """All at once, as if the power went."""
        self.alive = False
        self.world.scheduler.tell(self.name, "crashes")
        for consumer in self._consumers:
            consumer.leave()
        self._consumers.clear()
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._leading.clear()
        self._resign()

    async def depose(self, steps: int) -> None:
        """It has lost the advisory lock and learns it some steps later: meanwhile two believe that they lead."""
        leading = self._leading
        if not leading:
            return
        self._leading = []
        self._resign()
        await self.world.scheduler.background(self.name, steps)
        for task in leading:
            task.cancel()
        if self.alive:
            self.spawn(self._lead())

    def _resign(self) -> None:
        if self._service.leader == self.name:
            self._service.leader = None
            self._service.leader_free.ring()

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Work that ends with the process."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._forget)
        task.add_done_callback(self._blame)
        return task

    async def pause(self, what: str) -> None:
        """Let others go first, and crash where it was foreseen."""
        await self.world.scheduler.pause(self.name, what)
        if not self.alive:
            raise asyncio.CancelledError
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in <= 0:
                self.crash()
                raise asyncio.CancelledError

    async def answer(self, received: Received) -> Outcome:
        """What the HTTP edge would do with a command. Raises CrashedError."""
        (outcome,) = await self._ended(self.spawn(self._http.run([received], self.wait)))
        return outcome

    async def work(self, job: Callable[[Transactions, DrivenClock], Coroutine[Any, Any, T]]) -> T:
        """Something an operator does by way of this process. Raises CrashedError."""
        transactions = SimulatedTransactions(self._service.database, self.pause, self.habits.operator_rows)
        task = asyncio.get_running_loop().create_task(job(transactions, self._clock))
        self._tasks[task] = None
        task.add_done_callback(self._forget)
        return await self._ended(task)

    async def _ended(self, task: "asyncio.Task[T]") -> T:
        """What somebody outside waits for; it ends with the process."""
        await asyncio.wait([task])
        if task.cancelled():
            raise CrashedError(self.name)
        return task.result()

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.pop(task, None)

    def _blame(self, task: "asyncio.Task[Any]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.world.failures.append(f"{self.name} ended: {error!r}")

    def sender(self) -> Sender:
        """How the process publishes."""
        world = self.world
        stop = self._service.habits.stop_at_failure
        return PausingSender(BrokerSender(world.broker, world.outage, world.dice, stop_at_failure=stop), self)

    async def wait(self, seconds: float) -> None:
        """As many steps as the seconds are worth, at most."""
        await self.world.scheduler.wait_steps(self.name, 1 + min(WAIT_STEPS_MAX, int(seconds * STEPS_PER_SECOND)))

    async def _consume(self, topic: str) -> None:
        world = self.world
        group = world.broker.group(self._service.desk.service, topic)
        consumer = Consumer(world.broker, group, self.name, world.dice)
        self._consumers.append(consumer)
        intake = self.habits.intake(self.habits.lane(topic, self.works))

        async def take(records: Sequence[Record]) -> None:
            await intake.take(records, self.wait)

        async def acknowledge(records: Sequence[Record]) -> None:
            await self.pause(f"acknowledges {topic}")
            consumer.acknowledge(records)

        while True:
            records = await consumer.fetch()
            await self.pause(f"takes {len(records)} of {topic}")
            await self.habits.consume(records, take, acknowledge)

    async def _fire_deadlines(self) -> None:
        works = replace(self.works, clock=self.habits.deadline_clock(self._clock))
        lane = self.habits.lane("deadlines", works)
        deadlines_changed = self.database.changed[self.database.tables.deadline.name]
        while True:
            if self._some_due(works.clock.now()):
                await self.pause("looks for deadlines")
                await fire_due(lane, self.wait, deadlines_max=DEADLINES_MAX)
            else:
                await deadlines_changed.heard()  # looking every second would find it, too

    def _some_due(self, now: datetime) -> bool:
        return any(row.due_at <= now for row in self.database.deadlines())

    async def _lead(self) -> None:
        """Once it is its turn: all that only one process does."""
        service = self._service
        while service.leader is not None:
            await service.leader_free.heard()
        service.leader = self.name
        self._leading = [self.spawn(work) for work in (self._relay(), *[self._patrol(*each) for each in self._workers])]

    async def _patrol(self, employment: Employment, worker: Worker) -> None:
        """Its rounds; knocked at ticks and after commits, those during a round too."""
        changed = self.database.changed[employment.table.name]
        while True:
            rung, works = changed.rung, employment.has_work(self.database, self._clock.now())
            if not (works and await worker.work(self.wait)) and changed.rung == rung:
                await changed.heard()

    async def _relay(self) -> None:
        database, sender = self._service.database, self.sender()
        told = database.changed[database.tables.outbox.name]
        while True:
            if not database.size(database.tables.outbox):
                await told.heard()
                continue
            await self.pause("relays")
            await self._send(sender)

    async def _send(self, sender: Sender) -> None:
        lane = Lane("relay", self.works)
        relay = self._service.habits.relay
        relayed = await lane.persist(lambda: relay(self.works.transactions, sender, RELAY_ROWS_MAX), self.wait)
        if relayed.failure is not None:
            await self.wait(1.0)

    async def _follow_clock(self) -> None:
        """Each process hears of a new time when it hears of it."""
        while True:
            if self._clock.now() < self.world.clock.now():
                await self.pause("hears the time")
                self._clock.advance(self.world.clock.now())
                self.database.knock()
            else:
                await self.world.ticked.heard()


@dataclass(slots=True)
class PausingSender:
    """Sending takes time, and a crash may come between it and what follows. What is on a slow way arrives, whatever has become
    of its sender meanwhile.
    """

    inner: Sender
    process: "Process"

    async def send(self, facts: Sequence[Any]) -> Sequence[Any]:
        await self.process.pause("sends")
        if self.process.send_steps:
            results = await self.process.world.outlive(self._arrive(facts, self.process.send_steps))
        else:
            results = await self.inner.send(facts)
        await self.process.pause("has sent")
        return results

    async def _arrive(self, facts: Sequence[Any], steps: int) -> Sequence[Any]:
        world = self.process.world
        await world.scheduler.wait_steps(self.process.name, steps)
        world.scheduler.tell("broker", f"hears late of {len(facts)} from {self.process.name}")
        return await self.inner.send(facts)
