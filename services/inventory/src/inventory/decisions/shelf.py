"""What inventory does about reports from the shelf: units that come in or back, are found, lost or damaged."""

from collections.abc import Sequence
from typing import assert_never

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.inventory import Disposition
from contracts.warehouse import Adjustment, CustomerReturned, StockReport, UnitsAdjusted, UnitsReceived
from inventory.decisions import bookings
from inventory.domain.stock import Account, Bucket, Move, Outside, bucket_of
from inventory.domain.withdrawal import Need
from inventory.store import Books


def receive(books: Books, report: UnitsReceived, cause: Cause) -> Sequence[Message]:
    """Units that came in can be sold at once (I10), unless they came damaged. An item never heard of begins here."""
    return _put(books, report, Outside.SUPPLIER, report.disposition, cause)


def take_back(books: Books, returned: CustomerReturned, cause: Cause) -> Sequence[Message]:
    """Units that a buyer sent back; their disposition says whether they can be sold again."""
    order = Subject(returned.seller_id, "order", returned.order_id)
    return _put(books, returned, Outside.CUSTOMER, returned.disposition, cause, order)


def adjust(books: Books, report: UnitsAdjusted, cause: Cause) -> Sequence[Message]:
    """The count was wrong, or sellable units were damaged; damage that nobody is named for is the warehouse's."""
    match report.adjustment:
        case Adjustment.FOUND:
            return _put(books, report, Outside.WRITTEN_OFF, report.disposition, cause)
        case Adjustment.LOST:
            return _take(books, report, (bucket_of(report.disposition), Outside.WRITTEN_OFF), cause)
        case Adjustment.DAMAGED:
            sellable = report.disposition is Disposition.SELLABLE
            damaged = Bucket.WAREHOUSE_DAMAGED if sellable else bucket_of(report.disposition)
            return _take(books, report, (Bucket.AVAILABLE, damaged), cause)
    assert_never(report.adjustment)


def _put(
    books: Books,
    report: StockReport,
    source: Outside,
    disposition: Disposition,
    cause: Cause,
    buyer: Subject | None = None,
) -> Sequence[Message]:
    move = Move(report.sku, report.location_id, source, bucket_of(disposition), report.quantity)
    books.book(report.seller_id, [move], cause, buyer)
    return bookings.review_listings(books, report.seller_id, [report.sku], cause)


def _take(books: Books, report: UnitsAdjusted, way: tuple[Bucket, Account], cause: Cause) -> Sequence[Message]:
    """Units are not where they were: from the balance, then from the youngest holders, then they are a discrepancy."""
    key, location_id, quantity = (report.seller_id, report.sku), report.location_id, report.quantity
    source, target = way
    facts = bookings.withdraw(books, report.seller_id, [Need(report.sku, location_id, quantity, (source,))], cause)
    units = min(quantity, books.item(*key).balances.get((location_id, source), 0))
    if units:
        books.book(report.seller_id, [Move(report.sku, location_id, source, target, units)], cause)
    if units < quantity:
        facts.append(bookings.open_discrepancy(books, key, location_id, quantity - units, cause))
    return [*facts, *bookings.review_listings(books, report.seller_id, [report.sku], cause)]
