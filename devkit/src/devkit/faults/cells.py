"""The cells: what breaks, whose work it interrupts, and what is different about the load. How they are played is in run.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devkit.faults.crashing import Point
from devkit.faults.facts import Flow
from devkit.faults.floods import piled_up, poisoned, wanted_by_all
from devkit.faults.part_faults import backends_killed, kafka_gone, postgres_gone, postgres_paused, rows_locked
from devkit.faults.process_faults import crashing, killed, paused, storm
from devkit.faults.scene import calm
from devkit.faults.stand import SESSION_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkit.faults.scene import Fault

PAUSE_SECONDS_MIN = SESSION_SECONDS + 2.0
"""Longer than the broker waits for a process to say something."""
CRASH_SECONDS_MIN, LOCK_SECONDS_MIN = 6.0, 5.0
OUTAGE_SECONDS_MIN = 12.0
"""Longer than a relay waits for the broker's word."""
STATEMENT_SECONDS_MIN = 40.0
"""Longer than a service waits for the answer to a statement."""
COPIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """`flow` is what the fault interrupts, and what is measured; `more` are processes beside the first, by service."""

    name: str
    what: str
    fault: Fault
    flow: Flow = Flow.ORDERS
    fault_seconds_min: float = 0.0
    more: Mapping[str, int] = field(default_factory=dict)
    copies_max: int = 1
    """Each message is sent once to so many times."""
    in_short: bool = False
    """Part of the short form."""


FLOW_OF = {"orders": Flow.ORDERS, "inventory": Flow.ORDERS, "removals": Flow.REMOVALS, "notifications": Flow.MAILS}


def _of_each_service() -> Iterator[Cell]:
    for service, flow in FLOW_OF.items():
        yield Cell(f"kill-{service}", f"{service} killed (SIGKILL), started again", killed(service), flow)
    for service, flow in FLOW_OF.items():
        yield Cell(
            f"pause-{service}",
            f"one of two processes of {service} paused (SIGSTOP) beyond its session, then continued",
            paused(service),
            flow,
            PAUSE_SECONDS_MIN,
            more={service: 1},
        )


def _at_named_points() -> Iterator[Cell]:
    points = (
        ("orders", Point.COMMITTED, "between the database's commit and the acknowledgment"),
        ("inventory", Point.COMMITTED, "between the database's commit and the acknowledgment"),
        ("orders", Point.UNANSWERED, "between the database's commit and the HTTP answer"),
        ("orders", Point.PUBLISHED, "between publishing and striking from the outbox"),
        ("inventory", Point.PUBLISHED, "between publishing and striking from the outbox"),
        ("removals", Point.PUBLISHED, "between publishing and striking from the outbox"),
        ("notifications", Point.HANDED_OVER, "after SMTP's DATA, before anybody is told"),
    )
    short = {("inventory", Point.COMMITTED), ("orders", Point.PUBLISHED), ("notifications", Point.HANDED_OVER)}
    for service, point, where in points:
        name = f"crash-{service}-{point.replace(' ', '-')}"
        what = f"{service} dies again and again {where}"
        in_short = (service, point) in short
        yield Cell(name, what, crashing(service, point), FLOW_OF[service], CRASH_SECONDS_MIN, in_short=in_short)


CELLS: tuple[Cell, ...] = (
    Cell("calm", "nothing breaks: what the figures are without a fault", calm),
    *_of_each_service(),
    *_at_named_points(),
    Cell("postgres-crash", "PostgreSQL stopped at once (SIGQUIT), started again", postgres_gone, in_short=True),
    Cell(
        "postgres-paused",
        "PostgreSQL and all its sessions paused (SIGSTOP) for longer than a statement may take, then continued",
        postgres_paused,
        fault_seconds_min=STATEMENT_SECONDS_MIN,
    ),
    Cell("postgres-backends", "half of all connections to PostgreSQL cut every second", backends_killed),
    Cell(
        "kafka-crash",
        "Kafka killed (SIGKILL), started again when relays have given up sends",
        kafka_gone,
        fault_seconds_min=OUTAGE_SECONDS_MIN,
        in_short=True,
    ),
    Cell("rebalance-storm", "processes of orders and inventory come and go all the time", storm("orders", "inventory")),
    Cell(
        "rows-locked",
        "another transaction holds the items that are sold most",
        rows_locked,
        fault_seconds_min=LOCK_SECONDS_MIN,
    ),
    Cell("poison", "thousands of records that are no messages, or a stranger's", poisoned),
    Cell("duplicates", "each message is sent one to five times", calm, copies_max=COPIES_MAX),
    Cell("hot-item", "everybody wants one item of which there are too few", wanted_by_all, in_short=True),
    Cell("backlog", "inventory is down while very many orders come in", piled_up),
    Cell(
        "two-and-two",
        "two processes each of orders and inventory, one of each killed, started again",
        killed("orders", "inventory"),
        more={"orders": 1, "inventory": 1},
        in_short=True,
    ),
)


def chosen(names: tuple[str, ...], *, short: bool) -> list[Cell]:
    """Those with these names, each once, since its objects bear its name; without any all, or those of the short form.

    Raises LookupError.
    """
    known = {cell.name: cell for cell in CELLS}
    if unknown := [name for name in names if name not in known]:
        raise LookupError(f"there is no cell {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] or [cell for cell in CELLS if cell.in_short or not short]
