"""Who may have to give way: holders that a batch must lock because units which they hold may turn out to be gone.

It is looked up before anything is locked, since reservations come before items in the order of locks, and once more under the
items' locks. The look-up takes more rather than less: a holder locked for nothing costs a little, one that is not locked would
send the batch back.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from chassis.failures import StorageError
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject
from contracts.inventory import Disposition
from contracts.orders import ItemsCanceled, OrderCanceled, PackageShipped, ShippedAfterCancel
from contracts.removals import RemovalCanceled, RemovalDisposed, RemovalShipped, RemovalUnitsMissing, RemovalUnitsReturned
from contracts.warehouse import Adjustment, UnitsAdjusted
from inventory import tables
from inventory.domain.reservation import ORDER
from inventory.domain.stock import Bucket

ITEM = "item"
"""The kind of subjects that are items; all others are holders."""
HOLDER = ("seller_id", "kind", "holder_id")

TAKERS = frozenset({PackageShipped, ShippedAfterCancel, UnitsAdjusted, RemovalShipped, RemovalDisposed, RemovalUnitsMissing})
"""Who may take what somebody else holds."""


class Units(NamedTuple):
    """Units of an item in one condition, for which others in that condition can stand."""

    seller_id: str
    sku: str
    is_sellable: bool


Needs = Mapping[Units, int]
"""Units that may have to come from others."""


class Departure(NamedTuple):
    """Units that a holder's shipment takes, or that its pick missed, whether it holds them or not."""

    holder: Subject
    line: int
    sku: str
    quantity: int


class HoldersChangedError(StorageError):
    """Between looking and locking, others than those locked have become the youngest: try again."""

    def __init__(self) -> None:
        super().__init__("40W02", "the holders of an item changed meanwhile")


async def find_needs(tx: Transaction, messages: Collection[Message]) -> Needs:
    """All that messages take of items of which one of them may take what its holder does not hold."""
    if TAKERS.isdisjoint(map(type, messages)):
        return {}
    departures, losses, emptied = [], [], set()
    for message in messages:
        match message:
            case UnitsAdjusted(adjustment=Adjustment.LOST | Adjustment.DAMAGED):
                losses.append(message)
            case OrderCanceled() | ItemsCanceled() | RemovalCanceled() | RemovalUnitsReturned():
                emptied.add(message.subject)
            case _:
                departures += _departures(message)
    return await _sum_needs(tx, losses, departures, emptied)


def _departures(message: Message) -> list[Departure]:
    match message:
        case PackageShipped() | ShippedAfterCancel():
            lines = message.package.lines
        case RemovalShipped():
            lines = message.parcel.lines
        case RemovalDisposed() | RemovalUnitsMissing():
            lines = message.lines
        case _:
            return []
    holder = message.subject
    return [Departure(holder, line.line, line.sku, line.quantity) for line in lines]


async def _sum_needs(
    tx: Transaction, losses: Sequence[UnitsAdjusted], departures: Sequence[Departure], emptied: Collection[Subject]
) -> Needs:
    taken = [*((_lost(loss), loss.quantity) for loss in losses)]
    taken += [(units, departure.quantity) for departure in departures for units in _conditions(departure)]
    short = {_lost(loss) for loss in losses} | await _find_short(tx, departures, emptied)
    needs = Counter[Units]()
    for units, quantity in taken:
        if units in short:
            needs[units] += quantity
    return needs


def _lost(report: UnitsAdjusted) -> Units:
    """What is lost lay there in the state that the report tells; what is damaged could be sold before."""
    could_be_sold = report.adjustment is Adjustment.DAMAGED or report.disposition is Disposition.SELLABLE
    return Units(report.seller_id, report.sku, could_be_sold)


def _conditions(departure: Departure) -> tuple[Units, ...]:
    """An order takes what can be sold; a removal's line says nothing, it may be either."""
    holder, sellable = departure.holder, Units(departure.holder.seller_id, departure.sku, is_sellable=True)
    return (sellable,) if holder.kind == ORDER else (sellable, sellable._replace(is_sellable=False))


async def _find_short(tx: Transaction, departures: Sequence[Departure], emptied: Collection[Subject]) -> set[Units]:
    """Units of which a holder ships more than it holds, as far as one can see without a lock."""
    holders = {departure.holder for departure in departures} - set(emptied)
    held: Counter[tuple[Any, ...]] = Counter()
    for row in await tx.rows.find(tables.reservation_line, HOLDER, holders):
        held[row.seller_id, row.kind, row.holder_id, row.line, row.sku] += row.taken - row.released - row.shipped
    short: set[Units] = set()
    for departure in departures:
        at = (*departure.holder, departure.line, departure.sku)
        held[at] -= departure.quantity
        if held[at] < 0:
            short.update(_conditions(departure))
    return short


async def find_holders(tx: Transaction, needs: Needs, busy: Collection[Subject]) -> set[Subject]:
    """The youngest holders at each place that together hold what is needed there, whatever those in `busy` do.

    `busy` are holders that the batch's own messages are about: what they hold may be gone when it is asked for.
    """
    items = {(units.seller_id, units.sku) for units in needs}
    lines = await tx.rows.find(tables.reservation_line, ("seller_id", "sku", "is_open"), [(*item, True) for item in items])
    holders = {Subject(row.seller_id, row.kind, row.holder_id) for row in lines}
    ages = {
        Subject(row.seller_id, row.kind, row.holder_id): row.reserved_at
        for row in await tx.rows.find(tables.reservation, HOLDER, holders)
    }
    covered: Counter[tuple[str, str, str, str]] = Counter()
    chosen = set()
    by_age = sorted(
        ((Subject(row.seller_id, row.kind, row.holder_id), row) for row in lines), key=lambda pair: (ages[pair[0]], pair[0])
    )
    for holder, row in reversed(by_age):
        at = (row.seller_id, row.sku, row.location_id, row.bucket)
        needed = needs.get(Units(row.seller_id, row.sku, row.bucket == Bucket.AVAILABLE), 0)
        if holder not in busy and covered[at] < needed:
            covered[at] += row.taken - row.released - row.shipped
            chosen.add(holder)
    return chosen


async def confirm(tx: Transaction, messages: Collection[Message], busy: Collection[Subject], held: Collection[Subject]) -> None:
    """Look again, now that holders and items are locked: what a holder holds may be less than it was, and then others have to
    give way. Raises HoldersChangedError.
    """
    needs = await find_needs(tx, messages)
    if not set(held).issuperset(await find_holders(tx, needs, busy)):
        raise HoldersChangedError
