"""All that a run consists of, put together for one seed. Its course is in `run`, what must hold at its end in `checkers`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chassis.clock import DrivenClock
from chassis.desk import Desk
from chassis.outcomes import Outcome
from chassis.tables import ServiceTables
from contracts.envelope import Message
from devkit.simulation.broker import Broker, Outage, Record
from devkit.simulation.faults import Faults, bugs_of
from devkit.simulation.history import History
from devkit.simulation.process import Process, Service, World
from devkit.simulation.safeguards import Safeguards
from devkit.simulation.scheduler import Scheduler
from devkit.simulation.storage import Balances, Database, Trouble
from devkit.simulation.watch import Bugs, watched
from devkit.simulation.workload import START, Posting, workload
from inventory import tables as inventory_tables
from inventory.decisions import DESK as INVENTORY
from inventory.domain.stock import Bucket
from orders import tables as order_tables
from orders.decisions import desk as orders_desk
from orders.domain.policy import Policies

PROCESSES_PER_SERVICE = 2
READS: Mapping[str, Sequence[str]] = {
    "orders": ("orders.commands", "payments.facts", "inventory.reservations", "warehouse.progress"),
    "inventory": ("orders.facts", "warehouse.stock", "inventory.commands"),
}
ORDERS_TABLES: ServiceTables = order_tables.SERVICE
INVENTORY_TABLES: ServiceTables = inventory_tables.SERVICE


@dataclass(slots=True)
class Stage:
    seed: int
    dice: Random
    world: World
    history: History
    bugs: Bugs
    postings: Sequence[Posting]
    orders: Service
    inventory: Service
    processes: Sequence[Process]
    balances: Balances
    faults: Faults
    mended: asyncio.Event
    answers: dict[str, Outcome] = field(default_factory=dict)
    """What HTTP clients were told last, by the name of their command."""
    spoiled: list[tuple[Posting, Record]] = field(default_factory=list)
    """Records that no service may take for a message."""

    @property
    def services(self) -> Sequence[Service]:
        return self.orders, self.inventory

    def processes_of(self, service: Service) -> list[Process]:
        name = service.desk.service
        return [process for process in self.processes if process.alive and process.service_name == name]

    def decider_of(self, message: Message) -> Service:
        """Who decides about it."""
        return next(service for service in self.services if type(message) in service.desk.rules)


def stage_of(seed: int, scheduler: Scheduler, safeguards: Safeguards) -> Stage:
    """Drawn by the seed, each part with dice of its own, so that a change of one leaves the others as they are."""
    history, dice = History(), Random(f"{seed} world")
    world = World(scheduler, Broker(), Outage(), dice, DrivenClock(START))
    bugs = bugs_of(Random(f"{seed} bugs"))
    balances = Balances(history, frozenset(bucket.value for bucket in Bucket))

    def service(desk: Desk[Any], tables: ServiceTables) -> Service:
        trouble = Trouble(Random(f"{seed} {desk.service}"))
        database = Database(desk.service, tables, history, trouble, wrapping=safeguards.wrapping, follow=balances.follow)
        looked_at = safeguards.desk(watched(desk, bugs))
        return Service(looked_at, database, READS[desk.service], safeguards.habits)

    orders, inventory = service(orders_desk(Policies()), ORDERS_TABLES), service(INVENTORY, INVENTORY_TABLES)
    services = (orders, inventory)
    processes = [Process(world, each, number) for each in services for number in range(PROCESSES_PER_SERVICE)]
    faults = Faults(world, processes, [each.database for each in services], Random(f"{seed} faults"))
    postings = workload(Random(f"{seed} workload"))
    mended = asyncio.Event()
    return Stage(seed, dice, world, history, bugs, postings, orders, inventory, processes, balances, faults, mended)
