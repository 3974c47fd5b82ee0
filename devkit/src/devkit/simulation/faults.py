"""What goes wrong, drawn by the seed: processes crash at any await, partitions change hands, records come late, broker and
databases fail for a while, rules have bugs. Each run has its own mixture, so that rare ones come together. What must hold is in
`checkers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from contracts.envelope import Message
from devkit.simulation.broker import PARTITIONS, Broker
from devkit.simulation.process import Process, World
from devkit.simulation.storage import Database
from devkit.simulation.watch import Bugs

KINDS = ("crash", "crash soon", "rebalance", "stall", "refuse", "silent", "database", "depose")
PERIOD_STEPS_MIN, PERIOD_STEPS_MAX = 15, 150
"""How many steps lie between two faults."""
DOWN_STEPS_MAX = 200
CRASH_WITHIN_STEPS = 25
STALL_STEPS_MAX = 250
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
    healed: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """One after the other, until `heal`."""
        kinds = [kind for kind in KINDS if self.dice.random() < KIND_SHARE]
        while kinds and not self.healed:
            await self._later(self.dice.randint(PERIOD_STEPS_MIN, PERIOD_STEPS_MAX))
            if not self.healed:
                await self._do(self.dice.choice(kinds))

    def heal(self) -> None:
        """Nothing goes wrong any more, and everything is up."""
        self.healed = True
        self.world.outage.refusals = self.world.outage.silent = 0
        for database in self.databases:
            database.trouble.errors = 0
        for process in self.processes:
            process.crash_in = None
            if not process.alive:
                process.start()
        self.world.broker.heal()

    async def _do(self, kind: str) -> None:
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
            case "rebalance":
                self.world.broker.rebalance(self.dice.choice(list(self.world.broker.groups.values())))
            case "stall":
                await self._stall(self.world.broker)
            case "refuse":
                self.world.outage.refusals += self.dice.randint(1, 10)
            case "depose":
                leaders = [each for each in self.processes if each.leads]
                await self.dice.choice(leaders or [process]).depose(self.dice.randint(1, DEPOSED_STEPS_MAX))
            case "silent":
                self.world.outage.silent += self.dice.randint(1, 3)
            case _:
                self.dice.choice(self.databases).trouble.errors += self.dice.randint(1, 4)

    async def _crash(self, process: Process) -> None:
        """Down at once if it is not yet; up again some time later."""
        if self.healed:
            return
        if process.alive:
            process.crash()
        await self._later(self.dice.randint(1, DOWN_STEPS_MAX))
        if not process.alive and not self.healed:
            process.start()

    async def _stall(self, broker: Broker) -> None:
        place = (self.dice.choice(sorted(topic for _, topic in broker.groups)), self.dice.randrange(PARTITIONS))
        broker.stalled.add(place)
        await self._later(self.dice.randint(1, STALL_STEPS_MAX))
        broker.stalled.discard(place)
        broker.arrived[place[0]].ring()

    async def _later(self, steps: int) -> None:
        await self.world.scheduler.background("faults", steps)


def bugs_of(dice: Random) -> Bugs:
    """A kind of message, of some objects, at which a rule goes wrong."""
    if dice.random() >= BUG_SHARE:
        return Bugs()
    kind, digits = dice.choice(BUG_KINDS), frozenset(dice.sample("0123456789", 5))

    def chosen(message: Message) -> bool:
        return type(message).__name__ == kind and message.subject.id[-1] in digits

    return Bugs(spoiling=chosen) if dice.random() < SPOIL_SHARE else Bugs(raising=chosen)
