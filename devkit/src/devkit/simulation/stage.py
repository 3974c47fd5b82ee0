"""All that a run consists of, put together for one seed. Its course is in `run`, what must hold at its end in `checkers`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from chassis.clock import DrivenClock
from chassis.outcomes import Outcome
from contracts.envelope import Message
from devkit.simulation.broker import Broker, Outage, Record
from devkit.simulation.cut import Cut
from devkit.simulation.faults import Faults, bugs_of, kinds_of
from devkit.simulation.history import History
from devkit.simulation.mail_server import MailServer
from devkit.simulation.posting import START, Posting
from devkit.simulation.process import Process
from devkit.simulation.roster import MEMBERS, Member
from devkit.simulation.safeguards import Safeguards
from devkit.simulation.scheduler import Scheduler
from devkit.simulation.service import Service, World
from devkit.simulation.storage import Balances, Database, Effects, Trouble, Views
from devkit.simulation.watch import Bugs, watched
from devkit.simulation.workload import workload
from inventory.domain.stock import Bucket

PROCESSES_PER_SERVICE = 2


@dataclass(slots=True)
class Stage:
    seed: int
    dice: Random
    world: World
    history: History
    bugs: Bugs
    postings: list[Posting]
    services: Sequence[Service]
    processes: Sequence[Process]
    balances: Balances
    faults: Faults
    mended: asyncio.Event
    answers: dict[str, Outcome] = field(default_factory=dict)
    """What HTTP clients were told last, by the name of their command."""
    spoiled: list[tuple[Posting, Record]] = field(default_factory=list)
    """Records that no service may take for a message."""

    def database(self, service: str) -> Database:
        """Of the service with this name."""
        return next(each.database for each in self.services if each.desk.service == service)

    def processes_of(self, service: Service) -> list[Process]:
        name = service.desk.service
        return [process for process in self.processes if process.alive and process.service_name == name]

    def decider_of(self, message: Message) -> Service:
        """Who decides about it."""
        return next(service for service in self.services if type(message) in service.desk.rules)


def stage_of(seed: int, scheduler: Scheduler, safeguards: Safeguards, cut: Cut) -> Stage:
    """Drawn by the seed, each part with dice of its own, so that a change of one leaves the others as they are."""
    history, dice = History(), Random(f"{seed} world")
    world = World(scheduler, Broker(), Outage(), MailServer(Random(f"{seed} mail")), dice, DrivenClock(START))
    bugs = bugs_of(Random(f"{seed} bugs")) if cut.bugs else Bugs()
    balances = Balances(history, frozenset(bucket.value for bucket in Bucket))

    def service(member: Member) -> Service:
        desk = member.desk()
        safeguards.rules(desk)
        trouble = Trouble(Random(f"{seed} {desk.service}"))
        followers = (balances.follow, Effects(history).follow, Views(history).follow)
        database = Database(desk.service, member.tables, history, trouble, wrapping=safeguards.wrapping, followers=followers)
        return Service(safeguards.desk(watched(desk, bugs, world.clock)), database, safeguards.habits, member.employs)

    services = [service(member) for member in MEMBERS]
    processes = [Process(world, each, number) for each in services for number in range(PROCESSES_PER_SERVICE)]
    kinds, fault_dice = kinds_of(Random(f"{seed} kinds"), cut.faults), Random(f"{seed} faults")
    faults = Faults(world, processes, [each.database for each in services], fault_dice, kinds)
    postings = [p for n, p in enumerate(workload(Random(f"{seed} workload"))) if cut.postings is None or n in cut.postings]
    return Stage(seed, dice, world, history, bugs, postings, services, processes, balances, faults, asyncio.Event())
