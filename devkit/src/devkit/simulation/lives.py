"""What must hold of orders and removals at the end: each has ended (S5), in a way that was open to it, and inventory tells the
same story (agreement).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from contracts.envelope import Message, Subject
from contracts.orders import PackageShipped, ShippedAfterCancel
from contracts.removals import (
    RemovalCanceled,
    RemovalCompleted,
    RemovalDisposed,
    RemovalDrafted,
    RemovalPlaced,
    RemovalProcessing,
    RemovalRefused,
    RemovalRequested,
    RemovalShipped,
)
from contracts.values import LineUnits
from devkit.simulation.stage import Stage
from inventory import tables as inventory_tables
from inventory.domain.stock import Outside
from orders import tables as order_tables
from removals import tables as removal_tables
from removals.domain.stock import Balance
from removals.store import BALANCES

ORDER_ENDS = ("Shipped", "Canceled")
REMOVAL_ENDS = ("Completed", "Canceled", "Refused")
DEPARTURES = (PackageShipped, ShippedAfterCancel, RemovalShipped, RemovalDisposed)
"""Facts after which units are gone."""
Facts: TypeAlias = type[Message] | None

FOLLOWS: Mapping[type[Message], tuple[Facts, ...]] = {
    RemovalDrafted: (None, RemovalDrafted),
    RemovalRequested: (None, RemovalDrafted),
    RemovalPlaced: (RemovalRequested,),
    RemovalRefused: (RemovalRequested,),
    RemovalProcessing: (RemovalPlaced,),
    RemovalCompleted: (RemovalPlaced, RemovalProcessing),
    RemovalCanceled: (RemovalDrafted, RemovalRequested, RemovalPlaced),
}
"""What a removal may have been before each of its steps: nobody cancels one that the warehouse has begun (R9)."""


def unended(stage: Stage) -> Iterator[str]:
    """Orders and removals that go on although every deadline has come (S5)."""
    for row in stage.database("orders").rows(order_tables.customer_order):
        yield from _unended(stage, "order", row.order_id, row, ORDER_ENDS)
    for row in stage.database("removals").rows(removal_tables.removal):
        yield from _unended(stage, "removal", row.removal_id, row, REMOVAL_ENDS)


def missteps(stage: Stage) -> Iterator[str]:
    """Removals that took a step which was not open to them."""
    steps: dict[Subject, Facts] = {}
    told = (fact for decided in stage.history.decided if decided.service == "removals" for fact in decided.facts)
    for fact in told:
        if type(fact) not in FOLLOWS:
            continue
        before = steps.get(fact.subject)
        steps[fact.subject] = type(fact)
        if before not in FOLLOWS[type(fact)]:
            yield f"{fact.subject.key}: {type(fact).__name__} after {before.__name__ if before else 'nothing'}"


def parting_problems(stage: Stage) -> Iterator[str]:
    """What orders and removals say has left, also after a cancel, inventory has let go for them, or misses (agreement)."""
    left = _told_to_have_left(stage)
    departures = {each.id: each.subject for each in stage.history.decided if isinstance(each.message, DEPARTURES)}
    for row in stage.database("inventory").rows(inventory_tables.movement):
        if row.target in (Outside.CUSTOMER, Outside.REMOVED):
            left[row.seller_id, row.holder_kind, row.holder_id] -= row.quantity
    for row in stage.database("inventory").rows(inventory_tables.discrepancy):
        if row.cause in departures:  # others were looked for, and not found on their shelf
            left[departures[row.cause]] -= row.quantity
    for (seller_id, kind, holder_id), units in left.items():
        if units:
            yield f"{kind} {holder_id} of {seller_id} says that {units} units left, which inventory did not give"


def view_problems(stage: Stage) -> Iterator[str]:
    """Items of which removals shows other numbers than inventory has, now that all is quiet (agreement)."""
    inventory, views = stage.database("inventory"), {}
    for row in stage.database("removals").rows(removal_tables.stock_view):
        views[row.seller_id, row.sku] = (row.version, BALANCES.validate_json(row.balances))
    balances = defaultdict(list)
    for row in inventory.rows(inventory_tables.balance):
        if row.quantity:
            balances[row.seller_id, row.sku].append(Balance(row.location_id, row.bucket, row.quantity))
    for row in inventory.rows(inventory_tables.item):
        item = (row.seller_id, row.sku)
        if views.get(item) != (row.version, tuple(balances[item])):
            yield f"removals' view of {item} is {views.get(item)}, inventory has version {row.version}"


def _unended(stage: Stage, noun: str, name: str, row: object, ends: tuple[str, ...]) -> Iterator[str]:
    status, early, seller_id = (getattr(row, field) for field in ("status", "early", "seller_id"))
    stage.history.counts[f"{noun}s {status}"] += 1
    if status == "Expected" and early not in (None, "[]"):
        yield f"{noun} {name} of {seller_id} still keeps early messages"
    elif status not in (*ends, "Expected"):
        yield f"{noun} {name} of {seller_id} is {status}"


def _told_to_have_left(stage: Stage) -> Counter[tuple[str, str, str]]:
    left: Counter[tuple[str, str, str]] = Counter()
    for row in stage.database("orders").rows(order_tables.customer_order):
        left[row.seller_id, "order", row.order_id] += row.units_shipped
    for decided in stage.history.decided:
        for fact in decided.facts:
            left[fact.subject] += sum(line.quantity for line in _lines_gone(fact))
    return left


def _lines_gone(fact: Message) -> tuple[LineUnits, ...]:
    match fact:
        case ShippedAfterCancel():
            return fact.package.lines
        case RemovalShipped():
            return fact.parcel.lines
        case RemovalDisposed():
            return fact.lines
        case _:
            return ()
