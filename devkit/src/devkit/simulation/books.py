"""What must hold of stock and orders at the end: balances and ledger, what holders took and gave back, orders that have
ended, and that orders and inventory tell the same story (S3, S5, S7). What must hold of messages is in `checkers`.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from contracts.orders import ShippedAfterCancel
from devkit.simulation.keeper import keeper_problems
from devkit.simulation.stage import Stage
from inventory import tables as inventory_tables
from inventory.domain.stock import Bucket, Outside
from orders import tables as order_tables

ENDED = ("Shipped", "Canceled")


def check_books(stage: Stage) -> None:
    history = stage.history
    history.blame_all("S2", list(cause_problems(stage)))
    history.blame_all("S3", list(balance_problems(stage)))
    history.blame_all("S5", list(unended(stage)))
    history.blame_all("S7", [*holder_problems(stage), *open_lines(stage)])
    history.blame_all("agreement", list(shipment_problems(stage)))
    history.blame_all("model", list(keeper_problems(stage)))


def balance_problems(stage: Stage) -> Iterator[str]:
    """Balances that are not the sum of the ledger, and items whose version is not the number of their movements."""
    database, followed = stage.inventory.database, stage.balances
    stored = {(r.seller_id, r.sku, r.location_id, r.bucket): r.quantity for r in database.rows(inventory_tables.balance)}
    summed = {place: units for place, units in followed.units.items() if place[3] in followed.internal}
    for place in sorted(stored.keys() | summed.keys()):
        if stored.get(place, 0) != summed.get(place, 0):
            yield f"{place} has {stored.get(place, 0)}, the ledger says {summed.get(place, 0)}"
    for row in database.rows(inventory_tables.item):
        if row.version != followed.versions[row.seller_id, row.sku]:
            yield f"item {row.sku} of {row.seller_id} has version {row.version}, and other movements"
    if len(database.rows(inventory_tables.movement)) != followed.versions.total():
        yield "the ledger has lost movements"


def cause_problems(stage: Stage) -> Iterator[str]:
    """Causes whose movements are not numbered from one (S2)."""
    numbers: dict[tuple[str, object], list[int]] = {}
    for row in stage.inventory.database.rows(inventory_tables.movement):
        numbers.setdefault((row.seller_id, row.cause), []).append(row.n)
    for cause, given in numbers.items():
        if sorted(given) != list(range(1, len(given) + 1)):
            yield f"movements of {cause} have the numbers {sorted(given)}"


def unended(stage: Stage) -> Iterator[str]:
    """Orders that go on although every deadline has come (S5)."""
    for row in stage.orders.database.rows(order_tables.customer_order):
        stage.history.counts[f"orders {row.status}"] += 1
        if row.status == "Expected" and row.early not in (None, "[]"):
            yield f"order {row.order_id} of {row.seller_id} still keeps early messages"
        elif row.status not in (*ENDED, "Expected"):
            yield f"order {row.order_id} of {row.seller_id} is {row.status}"


def holder_problems(stage: Stage) -> Iterator[str]:
    """Lines whose taken, released and shipped are not what the ledger says, for every holder (S7)."""
    taken: Counter[Any] = Counter()
    released: Counter[Any] = Counter()
    shipped: Counter[Any] = Counter()
    for row in stage.inventory.database.rows(inventory_tables.movement):
        line = (row.seller_id, row.holder_kind, row.holder_id, row.line, row.location_id, row.sku)
        if row.target == Bucket.RESERVED:
            taken[line] += row.quantity
        elif row.source == Bucket.RESERVED:
            (shipped if row.target == Outside.CUSTOMER else released)[line] += row.quantity
    lines = {
        (row.seller_id, row.kind, row.holder_id, row.line, row.location_id, row.sku): row
        for row in stage.inventory.database.rows(inventory_tables.reservation_line)
    }
    for line in lines.keys() | taken.keys() | released.keys() | shipped.keys():
        row = lines.get(line)
        stored = (row.taken, row.released, row.shipped) if row else (0, 0, 0)
        if stored != (taken[line], released[line], shipped[line]):
            yield f"{line} says {stored}, the ledger {(taken[line], released[line], shipped[line])}"


def open_lines(stage: Stage) -> Iterator[str]:
    """Units that are still held for an order that has ended (S7)."""
    for row in stage.inventory.database.rows(inventory_tables.reservation_line):
        if row.taken != row.released + row.shipped:
            yield f"order {row.holder_id} of {row.seller_id} has ended, line {row.line} still holds units of {row.sku}"


def shipment_problems(stage: Stage) -> Iterator[str]:
    """What orders has shipped, also after a cancel, inventory has given to customers, or misses (agreement)."""
    left = _shipped_late(stage)
    order_of = {decided.id: decided.subject for decided in stage.history.decided}
    for row in stage.orders.database.rows(order_tables.customer_order):
        left[row.seller_id, row.order_id] += row.units_shipped
    for row in stage.inventory.database.rows(inventory_tables.movement):
        if row.target == Outside.CUSTOMER:
            left[row.seller_id, row.holder_id] -= row.quantity
    for row in stage.inventory.database.rows(inventory_tables.discrepancy):
        if order_of[row.cause].kind == "order":
            left[row.seller_id, order_of[row.cause].id] -= row.quantity
    for (seller_id, order_id), units in left.items():
        if units:
            yield f"order {order_id} of {seller_id} shipped {units} units more than inventory gave"


def _shipped_late(stage: Stage) -> Counter[tuple[str, str]]:
    units: Counter[tuple[str, str]] = Counter()
    for decided in stage.history.decided:
        for fact in decided.facts:
            if isinstance(fact, ShippedAfterCancel):
                units[fact.seller_id, fact.order_id] += sum(line.quantity for line in fact.package.lines)
    return units
