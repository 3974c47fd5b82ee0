"""Who fires deadlines: the orders service, or a worker of procrastinate. Each has a database of its own with the same orders
and as many instants pending; what came of them is read in deadline_firings.py.
"""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from devkit.benchmarks import deadline_jobs
from devkit.benchmarks.copies import Copies, copy, settle
from devkit.benchmarks.direct import direct
from devkit.benchmarks.ground import connected, until
from devkit.benchmarks.purchases import SELLER, purchase, received
from devkit.deployment import START_SECONDS
from orders import tables
from orders.decisions import desk
from orders.domain.policy import Policies

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import asyncpg

    from devkit.processes import Child
    from devkit.runs import Run
    from devkit.services import Services

WHARF, PROCRASTINATE = "wharf", "procrastinate"
MODEL = "model"
MODEL_NUMBER = 3
"""Four lines, as an order has on average."""
STOP_SECONDS = 30.0
_FAR = "now() + interval '30 days' + number * interval '1 second'"
_PROMISES = "CREATE TABLE IF NOT EXISTS promise (n bigint PRIMARY KEY, order_id text NOT NULL, due_at timestamptz NOT NULL)"


@dataclass(frozen=True, slots=True)
class Due:
    """The orders from number `first`, `number` of them, whose holds end between two instants, evenly."""

    first: int
    number: int
    begin: datetime
    end: datetime

    @property
    def last(self) -> int:
        return self.first + self.number - 1


class Side(Protocol):
    """One way to fire. Only one of its processes runs at a time."""

    dsn: str

    async def fill(self, pending: int, advance: Callable[[float], None]) -> None:
        """So many orders, and nothing else; each hold ends in a month or later."""

    async def come_due(self, due: Due) -> None:
        """In one transaction, give these orders their instants."""

    async def is_over(self, due: Due) -> bool:
        """Whether nothing waits any more that was due at the end of `due`."""

    async def start(self) -> None:
        """Returns when it takes work. Raises BenchmarkError or ProcessFailedError."""

    def stop(self) -> None: ...


@dataclass(slots=True)
class WharfSide:
    """The real orders service."""

    services: Services
    dsn: str = field(init=False)

    def __post_init__(self) -> None:
        self.dsn = self.services.dsns["orders"]

    async def fill(self, pending: int, advance: Callable[[float], None]) -> None:
        async with connected(self.dsn) as database:
            await fill_orders(database, self.dsn, pending, advance)
            holds = {"object_id": "'order-' || number", "due_at": _FAR}
            only_holds = f"object_id = '{MODEL}' AND deadline = 'HoldEnded'"
            await copy(database, Copies(tables.SERVICE.deadline, pending, holds, only_holds), lambda _: None)
            await database.execute("DELETE FROM deadline WHERE object_id = $1", MODEL)
            await settle(database)

    async def come_due(self, due: Due) -> None:
        async with connected(self.dsn) as database, database.transaction():
            await promise(database, due)
            await database.execute(
                "UPDATE deadline SET due_at = promise.due_at FROM promise "
                "WHERE object_id = promise.order_id AND n BETWEEN $1 AND $2",
                due.first,
                due.last,
            )

    async def is_over(self, due: Due) -> bool:
        async with connected(self.dsn) as database:
            return not await database.fetchval("SELECT EXISTS (SELECT FROM deadline WHERE due_at <= $1)", due.end)

    async def start(self) -> None:
        self.services.start("orders")
        self.services.wait_ready()

    def stop(self) -> None:
        self.services.stop()


@dataclass(slots=True)
class JobsSide:
    """Procrastinate's worker, in a database that has the orders service's tables, too."""

    run: Run
    dsn: str
    _worker: Child | None = None

    @property
    def _plain_dsn(self) -> str:
        return self.dsn.replace("+asyncpg", "")

    async def prepare(self) -> None:
        """Once, in a database that has the tables of orders."""
        await deadline_jobs.make_tables(self._plain_dsn)

    async def fill(self, pending: int, advance: Callable[[float], None]) -> None:
        async with connected(self.dsn) as database:
            await fill_orders(database, self.dsn, pending, advance)
            await database.execute("TRUNCATE procrastinate_jobs, procrastinate_events RESTART IDENTITY CASCADE")
            await database.execute(
                f"INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at) "  # noqa: S608 - our own constants
                f"SELECT $2::text, $3::text, jsonb_build_object('seller_id', $4::text, 'order_id', 'order-' || number), {_FAR} "
                "FROM generate_series(1, $1::bigint) AS number",
                pending,
                deadline_jobs.QUEUE,
                deadline_jobs.TASK,
                SELLER,
            )
            await settle(database)

    async def come_due(self, due: Due) -> None:
        async with connected(self.dsn) as database, database.transaction():
            await promise(database, due)
            await database.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = promise.due_at FROM promise WHERE id = n AND n BETWEEN $1 AND $2",
                due.first,
                due.last,
            )

    async def is_over(self, due: Due) -> bool:
        """Jobs were made in the order of their numbers, so the first that is left tells of all."""
        async with connected(self.dsn) as database:
            first = await database.fetchval(
                "SELECT id FROM procrastinate_jobs WHERE status = 'todo' ORDER BY priority DESC, id LIMIT 1"
            )
            doing = await database.fetchval(
                "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE worker_id IS NOT NULL AND status = 'doing')"
            )
            return not doing and (first is None or first > due.last)

    async def start(self) -> None:
        program = [sys.executable, "-m", deadline_jobs.__name__, self._plain_dsn]
        self._worker = self.run.start(PROCRASTINATE, program, stop_signal=signal.SIGTERM)
        await until(self._is_there, "procrastinate's worker is there", START_SECONDS)

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.stop(STOP_SECONDS)
            self._worker = None

    async def _is_there(self) -> bool:
        async with connected(self.dsn) as database:
            return bool(await database.fetchval("SELECT EXISTS (SELECT FROM procrastinate_workers)"))


async def fill_orders(database: asyncpg.Connection, dsn: str, number: int, advance: Callable[[float], None]) -> None:
    """So many orders that wait for their payment, as the service itself writes them, and nothing else."""
    await database.execute(_PROMISES)
    await database.execute("TRUNCATE promise, customer_order, delivery_address, deadline, inbox, outbox")
    async with direct(desk(Policies()), tables.SERVICE, dsn) as orders:
        await orders.decide([received(purchase(MODEL_NUMBER, MODEL), MODEL)])
    for table in (tables.customer_order, tables.delivery_address):
        copies = Copies(table, number, {"order_id": "'order-' || number"}, f"order_id = '{MODEL}'")
        await copy(database, copies, advance if table is tables.customer_order else lambda _: None)
    await database.execute("TRUNCATE outbox")


async def promise(database: asyncpg.Connection, due: Due) -> None:
    """Write down which orders are due when."""
    await database.execute(
        "INSERT INTO promise SELECT n, 'order-' || n, $3::timestamptz + (n - $1) * $4::interval "
        "FROM generate_series($1::bigint, $2::bigint) AS n",
        due.first,
        due.last,
        due.begin,
        (due.end - due.begin) / due.number if due.number else timedelta(),
    )
