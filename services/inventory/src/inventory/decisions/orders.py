"""What inventory does about orders: hold their units, give them back, let them go."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import MissingUnits, StockRefused, StockReleased, StockReserved, StockShipped
from contracts.orders import ItemsCanceled, OrderCanceled, OrderPlaced, PackageShipped, ShippedAfterCancel
from inventory.decisions import bookings, departures
from inventory.domain import reservation as holding
from inventory.domain.location import Short, allocate, scope_of
from inventory.domain.reservation import HeldPortion, Reservation, Status
from inventory.domain.stock import Bucket
from inventory.store import Books

BINDING = Bucket.AVAILABLE, Bucket.RESERVED
"""The way of units that an order takes."""


def reserve(books: Books, order: OrderPlaced, cause: Cause) -> Sequence[Message]:
    """Hold every line of a placed order, or none (O1, I13). An order that was here before, even canceled, changes nothing."""
    seller_id, holder = order.seller_id, order.subject
    if books.reservations[holder] is not None:
        return []
    match allocate(order.lines, books.sellable(seller_id, scope_of(order.channel, order.marketplace_id))):
        case Short(missing=missing):
            books.reservations[holder] = holding.refuse(order.marketplace_id, order.channel, cause.now)
            units = [MissingUnits(sku=sku, quantity=min(n, bookings.QUANTITY_MAX)) for sku, n in missing.items()]
            return [StockRefused(seller_id=seller_id, order_id=order.order_id, missing=tuple(units))]
        case portions:
            books.reservations[holder] = holding.hold(portions, order.marketplace_id, order.channel, cause.now)
            skus = bookings.move(books, holder, portions, BINDING, cause)
            held = StockReserved(seller_id=seller_id, order_id=order.order_id, lines=bookings.told_lines(portions))
            return [held, *bookings.review_listings(books, seller_id, skus, cause)]


def release_all(books: Books, order: OrderCanceled, cause: Cause) -> Sequence[Message]:
    """Give back all that the order holds, once (O15). A cancel that comes first leaves its mark for the order."""
    reservation = books.reservations[order.subject]
    if reservation is None:
        books.reservations[order.subject] = Reservation(Status.ENDED, changed_at=cause.now)
        return []
    return _release(books, order, holding.open_portions(reservation), cause)


def release_some(books: Books, items: ItemsCanceled, cause: Cause) -> Sequence[Message]:
    """Give back what these lines still hold, at most (O16)."""
    reservation = books.reservations[items.subject]
    if reservation is None:
        return []
    return _release(books, items, holding.held_for(reservation, items.lines, last_first=True), cause)


def _release(
    books: Books, canceled: OrderCanceled | ItemsCanceled, portions: tuple[HeldPortion, ...], cause: Cause
) -> Sequence[Message]:
    reservation = books.reservations[canceled.subject]
    if reservation is None or not portions:
        return []
    target = holding.target_of(canceled.reason)
    books.reservations[canceled.subject] = holding.release(reservation, portions, cause.now)
    skus = bookings.move(books, canceled.subject, portions, (Bucket.RESERVED, target), cause)
    released = StockReleased(
        seller_id=canceled.seller_id,
        order_id=canceled.order_id,
        lines=bookings.told_lines(portions),
        restocked=target is Bucket.AVAILABLE,
    )
    return [released, *bookings.review_listings(books, canceled.seller_id, skus, cause)]


def ship(books: Books, shipment: PackageShipped | ShippedAfterCancel, cause: Cause) -> Sequence[Message]:
    """Units have left for the buyer, whatever was decided before: physical truth wins."""
    holder = shipment.subject
    reservation = books.reservations[holder] or Reservation(Status.ENDED, changed_at=cause.now)
    wanted = shipment.package.lines or holding.open_portions(reservation)
    shipped, facts = departures.depart(books, holder, wanted, cause)
    if not shipped:
        return facts
    lines = bookings.told_lines(shipped)
    return [StockShipped(seller_id=shipment.seller_id, order_id=shipment.order_id, lines=lines), *facts]
