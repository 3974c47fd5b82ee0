"""The flow's heart on tables that have grown, beside the same on empty ones: orders are placed, their stock is reserved, orders
hears of it. What years leave is made in growth_rows.py.
"""

from __future__ import annotations

import secrets
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.inventory import StockReserved
from contracts.orders import OrderPlaced
from devkit.benchmarks.direct import Direct, direct
from devkit.benchmarks.figures import Plot, Report, Table
from devkit.benchmarks.ground import BenchmarkError, connected
from devkit.benchmarks.growth_rows import LINES, MODEL, Past, age
from devkit.benchmarks.machine import Neighbors
from devkit.benchmarks.pairs import Spread, interleave, ratio
from devkit.benchmarks.processor_time import Meter, pids
from devkit.benchmarks.purchases import purchase, received, stock
from devkit.services import migrated
from inventory.decisions import DESK
from inventory.tables import SERVICE as INVENTORY
from orders.decisions import desk
from orders.domain.policy import Policies
from orders.tables import SERVICE as ORDERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from chassis.outcomes import Fact, Received
    from contracts.orders import PlaceOrder
    from devkit.benchmarks.figures import Cell
    from devkit.benchmarks.ground import Ground

EMPTY, GROWN = "empty", "grown"
BATCH_ORDERS = 500
PYTHON, POSTGRES = "Python", "postgres"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`orders` in each measurement, `pairs` of them."""

    past: Past
    orders: int
    pairs: int

    @property
    def work(self) -> float:
        """For a progress bar: rows and orders to be made."""
        return self.past.rows + 2 * self.pairs * self.orders


@dataclass(frozen=True, slots=True)
class Measured:
    """Orders a second, and CPU milliseconds an order by process."""

    rate: float
    milliseconds: Mapping[str, float]


@dataclass(slots=True)
class Heart:
    """Orders and inventory, each with a database, in this process."""

    orders: Direct[Any]
    inventory: Direct[Any]
    dsns: tuple[str, str]
    placed: int = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, dsns: tuple[str, str]) -> AsyncIterator[Heart]:
        """With stock, and one order that is reserved."""
        async with direct(desk(Policies()), ORDERS, dsns[0]) as orders, direct(DESK, INVENTORY, dsns[1]) as inventory:
            await inventory.decide([received(message, message.subject.key) for message in stock()])
            heart = cls(orders, inventory, dsns)
            await heart.beat([purchase(LINES - 1, MODEL)])
            yield heart

    async def run(self, orders: int) -> None:
        """Place so many new orders, a batch at a time, and have them reserved."""
        for begin in range(self.placed, self.placed + orders, BATCH_ORDERS):
            end = min(begin + BATCH_ORDERS, self.placed + orders)
            await self.beat([purchase(number) for number in range(begin, end)])
        self.placed += orders

    async def beat(self, batch: Sequence[PlaceOrder]) -> None:
        """One batch, from placed to known. Raises BenchmarkError when an order is not reserved."""
        placed = await self.orders.decide([received(order, order.order_id, hashed=True) for order in batch])
        reserved = await self.inventory.decide([_heard(OrderPlaced, fact) for fact in placed])
        known = await self.orders.decide([_heard(StockReserved, fact) for fact in reserved])
        if [fact.type for fact in known] != ["OrderReserved"] * len(batch):
            raise BenchmarkError(f"{len(batch)} orders were placed, {len(known)} facts tell that they are reserved")

    async def forget_facts(self) -> None:
        """Nobody relays here."""
        for dsn in self.dsns:
            async with connected(dsn) as database:
                await database.execute("TRUNCATE outbox")


async def measure(ground: Ground, wanted: Wanted, advance: Callable[[float], None]) -> Report:
    """Raises BenchmarkError."""
    neighbors = Neighbors.watch()
    empty, grown = await databases(ground), await databases(ground)
    async with Heart.open(empty) as small, Heart.open(grown) as large:
        await age(*grown, wanted.past, advance)
        hearts = {EMPTY: small, GROWN: large}
        for heart in hearts.values():
            await heart.run(BATCH_ORDERS)  # statements get their plans

        async def beat(way: str) -> Measured:
            measured = await _measured(ground, hearts[way], wanted.orders)
            advance(wanted.orders)
            return measured

        found = await interleave((EMPTY, GROWN), wanted.pairs, beat)
    return Report("Growth", ground.facts(neighbors), [_table(found, wanted)], [_plot(found)], found)


async def databases(ground: Ground) -> tuple[str, str]:
    """Of orders and of inventory, at their latest schema."""
    dsns = {name: ground.stack.postgres.create_database(f"{name}_{secrets.token_hex(3)}") for name in ("orders", "inventory")}
    await migrated(dsns)
    return dsns["orders"], dsns["inventory"]


async def _measured(ground: Ground, heart: Heart, orders: int) -> Measured:
    await heart.forget_facts()
    ground.stack.postgres.execute("CHECKPOINT;")
    meter = Meter.start(pids(ground.run))
    own, begin = time.process_time(), time.monotonic()
    await heart.run(orders)
    seconds = time.monotonic() - begin
    used = {PYTHON: time.process_time() - own, POSTGRES: meter.seconds().get(POSTGRES, 0.0)}
    return Measured(orders / seconds, {name: 1000 * amount / orders for name, amount in used.items()})


def _heard(kind: type[OrderPlaced | StockReserved], fact: Fact) -> Received:
    """A fact as the other service reads it."""
    if fact.type != kind.__name__:
        raise BenchmarkError(f"{fact.type} instead of {kind.__name__}: {fact.body[:200]}")
    message = kind.model_validate_json(fact.body)
    return received(message, message.subject.key)


def _table(found: Mapping[str, Sequence[Measured]], wanted: Wanted) -> Table:
    rates = {way: [one.rate for one in measured] for way, measured in found.items()}
    rows: list[tuple[Cell, ...]] = []
    for way, measured in found.items():
        cost = [Spread.of([one.milliseconds[name] for one in measured]) for name in (PYTHON, POSTGRES)]
        rows.append((way, str(Spread.of(rates[way])), *map(str, cost)))
    dearer = [
        str(ratio(*([one.milliseconds[name] for one in found[way]] for way in (GROWN, EMPTY)))) for name in (PYTHON, POSTGRES)
    ]
    rows.append((f"{GROWN} / {EMPTY}", str(ratio(rates[GROWN], rates[EMPTY])), *dearer))
    past = wanted.past
    return Table(
        f"The flow's heart: {wanted.pairs} pairs of {wanted.orders:,} orders",
        ("tables", "orders/s", "CPU-ms an order, Python", "PostgreSQL"),
        tuple(rows),
        f"Median (range). Grown: {past.inbox:,} messages in each inbox, {past.orders:,} orders with addresses, reservations "
        f"and ledger lines, {past.orders:,} pending deadlines. One process decides batches of {BATCH_ORDERS} on both databases "
        "in turn, without topics; ids of the commands are random.",
    )


def _plot(found: Mapping[str, Sequence[Measured]]) -> Plot:
    rates = {way: Spread.of([one.rate for one in measured]).median for way, measured in found.items()}
    return Plot.bars("The flow's heart on empty and on grown tables", rates, of="orders a second")
