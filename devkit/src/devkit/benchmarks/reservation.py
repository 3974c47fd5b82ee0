"""What an order costs inventory: Python CPU milliseconds from record to committed reservation, by step, for two shops: one that
sells all its items alike, and one that sells as a real one did in its December.

python -m devkit.benchmarks.reservation                        rows in memory
python -m devkit.benchmarks.reservation postgresql+asyncpg://…  an empty database; the server's own time is not counted
"""

import gc
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import UUID

import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import inbox
from chassis.clock import Clock, DrivenClock
from chassis.engines import BY_KEYS
from chassis.memory import Memory
from chassis.outcomes import Accepted, Received, Via, hash_of
from chassis.processor import process, sit
from chassis.transaction import MemoryTransactions, PostgresTransactions, Transactions
from contracts.envelope import Envelope, Message, envelope_from
from contracts.identity import timed_id
from contracts.orders import OrderPlaced, PlacedLine
from contracts.values import Buyer, Money
from contracts.warehouse import UnitsReceived
from devkit.demo.sales import read_sales
from inventory import tables
from inventory.decisions import DESK

BATCH_ORDERS = 500
BATCHES = 20
WARM_UP_BATCHES = 3
ORDERS = (WARM_UP_BATCHES + BATCHES) * BATCH_ORDERS
LINES = 4
SKUS = 10_000
SELLERS = 20
STOCK_UNITS = 1_000_000
GARBAGE_THRESHOLD = 200_000
"""Objects made, and not gone again, until the collector looks: more than a batch makes, none of them in circles. As in a
service."""
REFERENCE_STEPS = 1_000_000
START = datetime(2010, 12, 1, tzinfo=UTC)
TYPES = DESK.types
LOCATIONS = ("network:GB:LBA1", "network:GB:LTN1")


@dataclass(frozen=True, slots=True)
class Record:
    """What Kafka hands over."""

    headers: list[tuple[str, bytes]]
    value: bytes


@dataclass(frozen=True, slots=True)
class Shop:
    """What can be bought, and what each order buys: a seller and its SKUs."""

    name: str
    items: Sequence[tuple[str, str]]
    orders: Sequence[tuple[str, Sequence[str]]]


@dataclass(slots=True)
class Meter:
    """CPU seconds of this process, by step."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.seconds[name] += time.process_time() - begin


def main() -> None:
    dsn = sys.argv[1] if len(sys.argv) > 1 else None
    meters = uvloop.run(measure(dsn, [even(), december()]))
    for name, meter in meters.items():
        Console().print(_table(name if dsn is None else f"{name}, on PostgreSQL", meter))
    Console().print(f"for comparison: {_reference_seconds() * 1000:.0f} ms for {REFERENCE_STEPS:,} steps of an empty loop")


def even() -> Shop:
    """Orders of four items of one seller, spread evenly over all items."""
    items = [(f"seller-{n % SELLERS}", f"sku-{n}") for n in range(SKUS)]
    orders = [
        (
            f"seller-{n % SELLERS}",
            [f"sku-{(n * 7919 + line * 104_729) * SELLERS % SKUS + n % SELLERS}" for line in range(LINES)],
        )
        for n in range(ORDERS)
    ]
    return Shop("all items alike", items, orders)


def december() -> Shop:
    """The lines of a shop's December as they followed each other, every four items an order; then from the beginning."""
    sold = cycle([sale.code for sale in read_sales() if sale.quantity > 0])
    orders = []
    for _ in range(ORDERS):
        skus: dict[str, None] = {}
        while len(skus) < LINES:
            skus[next(sold)] = None
        orders.append(("december", list(skus)))
    return Shop("as sold in a December", sorted({("december", sku) for _, skus in orders for sku in skus}), orders)


def _table(title: str, meter: Meter) -> Table:
    orders = BATCHES * BATCH_ORDERS
    caption = f"{BATCHES} batches of {BATCH_ORDERS} orders with {LINES} lines"
    table = Table(title=f"CPU-ms an order, {title}", caption=caption)
    table.add_column("step")
    table.add_column("ms", justify="right")
    for name, seconds in meter.seconds.items():
        table.add_row(name, f"{seconds * 1000 / orders:.4f}")
    table.add_row("all", f"{sum(meter.seconds.values()) * 1000 / orders:.4f}")
    return table


def _reference_seconds() -> float:
    """How fast the machine is just now: with busy neighbors the same code takes two to three times as long."""
    begin = time.process_time()
    for _ in range(REFERENCE_STEPS):
        pass
    return time.process_time() - begin


async def measure(dsn: str | None, shops: Sequence[Shop]) -> dict[str, Meter]:
    """One shop after another, in the same tables."""
    clock = DrivenClock(START)
    if dsn is None:
        return {shop.name: await _run(MemoryTransactions(Memory(), tables.SERVICE), clock, shop) for shop in shops}
    engine = create_async_engine(dsn, connect_args={"server_settings": dict(BY_KEYS)})
    async with engine.begin() as connection:
        await connection.run_sync(tables.metadata.create_all)
        for statement in tables.partitions():
            await connection.exec_driver_sql(statement)
    try:
        return {shop.name: await _run(PostgresTransactions(engine, tables.SERVICE), clock, shop) for shop in shops}
    finally:
        await engine.dispose()


async def _run(transactions: Transactions, clock: Clock, shop: Shop) -> Meter:
    await _stock_up(transactions, clock, shop)
    records = [_record(shop, number) for number in range(ORDERS)]
    batches = [records[i : i + BATCH_ORDERS] for i in range(0, ORDERS, BATCH_ORDERS)]
    for batch in batches[:WARM_UP_BATCHES]:
        await _take(transactions, clock, batch, Meter())
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    meter = Meter()
    for batch in batches[WARM_UP_BATCHES:]:
        await _take(transactions, clock, batch, meter)
    return meter


async def _take(transactions: Transactions, clock: Clock, records: Sequence[Record], meter: Meter) -> None:
    """The processor's way, with a meter between its steps."""
    with meter.step("decode"):
        batch = [_decoded(record, clock.now()) for record in records]
    with meter.step("begin and commit"):
        scope = transactions.begin()
        tx = await scope.__aenter__()
    with meter.step("claim"):
        claims = await inbox.claim(tx, batch)
    with meter.step("load"):
        sitting = await sit(tx, clock, DESK, batch, claims)
    with meter.step("decide"):
        outcomes = [sitting.decide(received) for received in batch]
    with meter.step("save"):
        await sitting.save(tx)
    with meter.step("begin and commit"):
        await scope.__aexit__(None, None, None)
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Accepted) or outcome.facts[0].type != "StockReserved"]
    if refused:
        raise RuntimeError(f"not reserved: {refused[0]}")


def _decoded(record: Record, now: datetime) -> Received:
    envelope = envelope_from(record.headers, now)
    body = TYPES[envelope.type].__pydantic_validator__.validate_json(record.value)
    return Received(envelope, body, Via.KAFKA, hash_of(envelope.type, record.value), now)


async def _stock_up(transactions: Transactions, clock: Clock, shop: Shop) -> None:
    messages = [
        UnitsReceived(seller_id=seller_id, sku=sku, location_id=location, quantity=STOCK_UNITS)
        for seller_id, sku in shop.items
        for location in LOCATIONS
    ]
    received = [Received(_envelope(shop, m, n), m, Via.KAFKA, b"", START) for n, m in enumerate(messages)]
    for i in range(0, len(received), BATCH_ORDERS):
        await process(transactions, clock, DESK, received[i : i + BATCH_ORDERS])


def _record(shop: Shop, number: int) -> Record:
    seller_id, skus = shop.orders[number]
    price = Money(amount=995, currency="GBP")
    order = OrderPlaced(
        seller_id=seller_id,
        order_id=f"order-{number}",
        marketplace_id="GB",
        channel="network",
        buyer=Buyer(buyer_id=f"buyer-{number}", mail=f"buyer-{number}@example.com"),
        placed_at=START,
        hold_until=START + timedelta(minutes=30),
        lines=tuple(
            PlacedLine(line=line, sku=sku, quantity=2, unit_price=price, title="A mug with a handle")
            for line, sku in enumerate(skus, start=1)
        ),
    )
    headers = _envelope(shop, order, number).headers(order.subject)
    return Record([(name, value.encode()) for name, value in headers.items()], order.model_dump_json().encode())


def _envelope(shop: Shop, message: Message, number: int) -> Envelope:
    kind = type(message).__name__
    identity = timed_id(START, "benchmark", shop.name, kind, str(number))
    return Envelope(
        source="/benchmark", id=identity, type=kind, time=START, seller_id=message.seller_id, correlation_id=UUID(int=number)
    )


if __name__ == "__main__":
    main()
