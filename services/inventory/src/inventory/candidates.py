"""Who may have to give way: holders that a batch must lock because units which they hold may turn out to be gone.

It is looked up before anything is locked, since reservations come before items in the order of locks, and once more under the
items' locks. The look-up takes more rather than less: a holder locked for nothing costs a little, one that is not locked would
send the batch back.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from chassis.failures import StorageError
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject
from contracts.inventory import Disposition
from contracts.orders import ItemsCanceled, OrderCanceled, PackageShipped, ShippedAfterCancel
from contracts.warehouse import Adjustment, UnitsAdjusted
from inventory import tables

ITEM = "item"
"""The kind of subjects that are items; all others are holders."""
HOLDER = ("seller_id", "kind", "holder_id")

TAKERS = frozenset({PackageShipped, ShippedAfterCancel, UnitsAdjusted})
"""Who may take what somebody else holds."""

Needs = Mapping[tuple[str, str], int]
"""Units that may have to come from others, by seller and SKU."""


class HoldersChangedError(StorageError):
    """Between looking and locking, others than those locked have become the youngest: try again."""

    def __init__(self) -> None:
        super().__init__("40W02", "the holders of an item changed meanwhile")


async def find_needs(tx: Transaction, messages: Collection[Message]) -> Needs:
    """All that messages take of items of which one of them may take what its holder does not hold."""
    if TAKERS.isdisjoint(map(type, messages)):
        return {}
    shipments, losses, canceled = [], [], set()
    for message in messages:
        match message:
            case PackageShipped() | ShippedAfterCancel():
                shipments.append(message)
            case UnitsAdjusted() if _takes_sellable(message):
                losses.append(message)
            case OrderCanceled() | ItemsCanceled():
                canceled.add(message.subject)
            case _:
                pass
    short = {(loss.seller_id, loss.sku) for loss in losses} | await _find_short(tx, shipments, canceled)
    needs = Counter({(loss.seller_id, loss.sku): 0 for loss in losses})
    for loss in losses:
        needs[loss.seller_id, loss.sku] += loss.quantity
    for shipment in shipments:
        for line in shipment.package.lines:
            needs[shipment.seller_id, line.sku] += line.quantity
    return {key: units for key, units in needs.items() if key in short}


def _takes_sellable(report: UnitsAdjusted) -> bool:
    match report.adjustment:
        case Adjustment.LOST:
            return report.disposition is Disposition.SELLABLE
        case Adjustment.DAMAGED:
            return True
        case Adjustment.FOUND:
            return False


async def _find_short(
    tx: Transaction, shipments: Sequence[PackageShipped | ShippedAfterCancel], canceled: Collection[Subject]
) -> set[tuple[str, str]]:
    """Items of which a holder ships more than it holds, as far as one can see without a lock."""
    holders = {shipment.subject for shipment in shipments} - set(canceled)
    held: Counter[tuple[Any, ...]] = Counter()
    for row in await tx.rows.find(tables.reservation_line, HOLDER, holders):
        held[row.seller_id, row.kind, row.holder_id, row.line, row.sku] += row.taken - row.released - row.shipped
    short = set()
    for shipment in shipments:
        for line in shipment.package.lines:
            at = (*shipment.subject, line.line, line.sku)
            held[at] -= line.quantity
            if held[at] < 0:
                short.add((shipment.seller_id, line.sku))
    return short


async def find_holders(tx: Transaction, needs: Needs, busy: Collection[Subject]) -> set[Subject]:
    """The youngest holders at each location that together hold what is needed there, whatever those in `busy` do.

    `busy` are holders that the batch's own messages are about: what they hold may be gone when it is asked for.
    """
    lines = await tx.rows.find(tables.reservation_line, ("seller_id", "sku", "is_open"), [(*key, True) for key in needs])
    holders = {Subject(row.seller_id, row.kind, row.holder_id) for row in lines}
    ages = {
        Subject(row.seller_id, row.kind, row.holder_id): row.reserved_at
        for row in await tx.rows.find(tables.reservation, HOLDER, holders)
    }
    covered: Counter[tuple[str, str, str]] = Counter()
    chosen = set()
    by_age = sorted(
        ((Subject(row.seller_id, row.kind, row.holder_id), row) for row in lines), key=lambda pair: (ages[pair[0]], pair[0])
    )
    for holder, row in reversed(by_age):
        if holder not in busy and covered[row.seller_id, row.sku, row.location_id] < needs[row.seller_id, row.sku]:
            covered[row.seller_id, row.sku, row.location_id] += row.taken - row.released - row.shipped
            chosen.add(holder)
    return chosen


async def confirm(tx: Transaction, messages: Collection[Message], busy: Collection[Subject], held: Collection[Subject]) -> None:
    """Look again, now that holders and items are locked: what a holder holds may be less than it was, and then others have to
    give way. Raises HoldersChangedError.
    """
    needs = await find_needs(tx, messages)
    if not set(held).issuperset(await find_holders(tx, needs, busy)):
        raise HoldersChangedError
