"""The services that take part, each with what its own `app` would bring: desk, tables, and what its leader does besides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chassis.desk import Desk
from chassis.lane import Lane
from chassis.tables import ServiceTables
from chassis.worker import Worker
from devkit.simulation.mail_server import SimulatedPost
from devkit.simulation.process import Process
from devkit.simulation.service import Employment
from devkit.simulation.snapshots import StockPublisher
from inventory import tables as inventory_tables
from inventory.decisions import DESK as INVENTORY
from notifications import tables as mail_tables
from notifications.courier import NAME as COURIER
from notifications.decisions import desk as notifications_desk
from notifications.domain.mail import Policy
from notifications.letters import Letters
from orders import tables as order_tables
from orders.decisions import desk as orders_desk
from orders.domain.policy import Policies
from removals import tables as removal_tables
from removals.decisions import desk as removals_desk
from removals.domain.policy import Terms

MAILS_AT_ONCE = 3


@cache
def letters() -> Letters:
    """Loading the templates takes a while."""
    return Letters()


def courier(process: Process) -> Worker:
    """As notifications' plan makes it, with another way out."""
    return process.habits.courier(
        Lane(COURIER, process.works), SimulatedPost(process, process.world.mail_server), MAILS_AT_ONCE
    )


@dataclass(frozen=True, slots=True)
class Member:
    """`desk` makes one that is only this run's."""

    desk: Callable[[], Desk[Any]]
    tables: ServiceTables
    employs: Sequence[Employment] = ()


MEMBERS: Sequence[Member] = (
    Member(lambda: orders_desk(Policies()), order_tables.SERVICE),
    Member(
        lambda: replace(INVENTORY, rules=dict(INVENTORY.rules)),
        inventory_tables.SERVICE,
        (Employment(StockPublisher, inventory_tables.item),),
    ),
    Member(lambda: removals_desk(Terms()), removal_tables.SERVICE),
    Member(
        lambda: notifications_desk(Policy(), letters()),
        mail_tables.SERVICE,
        (Employment(courier, mail_tables.mail, mail_tables.mail.c.due_at),),
    ),
)
