"""What goes wrong, drawn by the seed: processes crash at any await, partitions change hands, records come late, broker and
databases fail for a while, rules have bugs. Each run has its own mixture, so that rare ones come together. What must hold is in
`checkers`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from contracts.envelope import Message
from devkit.simulation.broker import PARTITIONS, Broker
from devkit.simulation.process import Process
from devkit.simulation.service import World
from devkit.simulation.storage import Database
from devkit.simulation.watch import Bugs

KINDS = ("crash", "crash soon", "outage", "rebalance", "stall", "slow", "refuse", "silent", "database", "depose")
PERIOD_STEPS_MIN, PERIOD_STEPS_MAX = 15, 150
"""How many steps lie between two faults."""
DOWN_STEPS_MAX = 200
CRASH_WITHIN_STEPS = 25
STALL_STEPS_MAX = 250
SLOW_STEPS_MAX = 300
LOST_SHARE = 0.7
"""Of the slow processes, how many are taken for dead."""
OUTAGE_DAYS_MAX = 40
"""How long a whole service may be away, in the time of the run."""
DEPOSED_STEPS_MAX = 120
"""How long a process that leads no more may not know it."""
BUG_KINDS = (
    "PlaceOrder",
    "PaymentVerified",
    "StockReserved",
    "HoldEnded",
    "ConfirmByReached",
    "CancelOrder",
    "OrderPlaced",
    "OrderCanceled",
    "PackageShipped",
    "UnitsReceived",
    "UnitsAdjusted",
    "RequestRemoval",
    "RemovalRequested",
    "UnitsHeld",
    "RemovalParcelShipped",
    "RemovalShipped",
    "RemovalCanceled",
    "RemovalGivenUp",
    "OrderReleased",
    "SetSellerContact",
    "SendingBegun",
    "MailTaken",
)
AT_ONCE_MAX = 3
"""How many faults last at the same time."""
KIND_SHARE = 0.5
"""Of the kinds of faults, this share is in a run."""
BUG_SHARE = 0.5
"""Of the runs, in this share a release of the services has a bug."""
SPOIL_SHARE = 0.25
"""Of the bugs, this share shows when the batch is saved."""


@dataclass(slots=True)
class Faults:
    world: World
    processes: Sequence[Process]
    databases: Sequence[Database]
    dice: Random
    kinds: Sequence[str]
    healed: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    """Services that are out of order as a whole."""
    under_way: list["asyncio.Task[None]"] = field(default_factory=list)

    async def run(self) -> None:
        """One begins after the other, some while others last, until `heal`."""
        while self.kinds and not self.healed:
            await self._later(self.dice.randint(PERIOD_STEPS_MIN, PERIOD_STEPS_MAX))
            self.under_way = [task for task in self.under_way if not task.done()]
            if len(self.under_way) < AT_ONCE_MAX:
                kind = self.dice.choice(self.kinds)
                self.under_way.append(asyncio.create_task(self._do(kind)))
                self.kinds = [each for each in self.kinds if each != kind or kind != "outage"]  # one is enough

    def heal(self) -> None:
        """Nothing goes wrong any more, and everything is up."""
        self.healed = True
        self.world.outage.refusals = self.world.outage.silent = 0
        for database in self.databases:
            database.trouble.errors = 0
        for process in self.processes:
            process.crash_in, process.send_steps = None, 0
            if not process.alive:
                process.start()
        self.world.broker.heal()

    async def _do(self, kind: str) -> None:
        if self.healed:
            return
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.world.scheduler.tell("faults", kind)
        process = self.dice.choice(self.processes)
        match kind:
            case "crash":
                await self._crash(process)
            case "crash soon":
                process.crash_in = self.dice.randint(1, CRASH_WITHIN_STEPS)
                await self._later(2 * CRASH_WITHIN_STEPS)
                await self._crash(process)
            case "outage":
                await self._outage(process.service_name)
            case "depose":
                await self._leader_or(process).depose(self.dice.randint(1, DEPOSED_STEPS_MAX))
            case "slow":
                await self._slow(self._leader_or(process))
            case "stall":
                await self._stall(self.world.broker)
            case _:
                self._disturb(kind)

    def _disturb(self, kind: str) -> None:
        """What happens at once, or to those who come next."""
        world = self.world
        match kind:
            case "rebalance":
                world.broker.rebalance(self.dice.choice(list(world.broker.groups.values())))
            case "refuse":
                world.outage.refusals += self.dice.randint(1, 10)
            case "silent":
                world.outage.silent += self.dice.randint(1, 3)
            case _:
                self.dice.choice(self.databases).trouble.errors += self.dice.randint(1, 4)

    def _leader_or(self, process: Process) -> Process:
        return self.dice.choice([each for each in self.processes if each.leads] or [process])

    async def _crash(self, process: Process) -> None:
        """Down at once if it is not yet; up again some time later."""
        if self.healed:
            return
        if process.alive:
            process.crash()
        await self._later(self.dice.randint(1, DOWN_STEPS_MAX))
        if process.service_name not in self.away:
            self._start(process)

    def _start(self, process: Process) -> None:
        if not process.alive and not self.healed:
            process.start()

    async def _outage(self, service: str) -> None:
        """All of a service is away for days, and comes back to what has piled up."""
        processes = [process for process in self.processes if process.service_name == service]
        until = self.world.clock.now() + timedelta(days=self.dice.randint(1, OUTAGE_DAYS_MAX))
        self.away.add(service)
        for process in processes:
            if process.alive:
                process.crash()
        while self.world.clock.now() < until and not self.healed:
            await self._later(DOWN_STEPS_MAX)
        self.away.discard(service)
        for process in processes:
            self._start(process)

    async def _slow(self, process: Process) -> None:
        """What it sends arrives late, also when it is taken for dead, and another leads meanwhile and sends newer things."""
        process.send_steps = self.dice.randint(1, SLOW_STEPS_MAX)
        await self._later(self.dice.randint(1, STALL_STEPS_MAX))
        if self.dice.random() < LOST_SHARE:
            await process.depose(self.dice.randint(1, DEPOSED_STEPS_MAX))
        process.send_steps = 0

    async def _stall(self, broker: Broker) -> None:
        place = (self.dice.choice(sorted(topic for _, topic in broker.groups)), self.dice.randrange(PARTITIONS))
        broker.stalled.add(place)
        await self._later(self.dice.randint(1, STALL_STEPS_MAX))
        broker.stalled.discard(place)
        broker.arrived[place[0]].ring()

    async def _later(self, steps: int) -> None:
        await self.world.scheduler.background("faults", steps)


def kinds_of(dice: Random, only: Sequence[str] | None) -> Sequence[str]:
    """The kinds of faults of a run, or which of them are left."""
    kinds = [kind for kind in KINDS if dice.random() < KIND_SHARE]
    return kinds if only is None else [kind for kind in kinds if kind in only]


def bugs_of(dice: Random) -> Bugs:
    """A kind of message, of some objects, at which a rule goes wrong."""
    if dice.random() >= BUG_SHARE:
        return Bugs()
    kind, digits = dice.choice(BUG_KINDS), frozenset(dice.sample("0123456789", 5))

    def chosen(message: Message) -> bool:
        return type(message).__name__ == kind and message.subject.id[-1] in digits

    return Bugs(spoiling=chosen) if dice.random() < SPOIL_SHARE else Bugs(raising=chosen)
