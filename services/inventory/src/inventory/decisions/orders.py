"""What inventory does about orders: hold their units, give them back, let them go."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.inventory import MissingUnits, StockRefused, StockReleased, StockReserved, StockShipped
from contracts.orders import ItemsCanceled, OrderCanceled, OrderPlaced, PackageShipped, ShippedAfterCancel
from inventory.decisions import bookings
from inventory.domain import reservation as holding
from inventory.domain.location import UNKNOWN_SCOPE, Portion, Short, allocate, scope_of, take, unknown_in
from inventory.domain.reservation import Reservation, Status
from inventory.domain.stock import Bucket, Outside
from inventory.store import Books

QUANTITY_MAX = 1_000_000
"""Units that a fact can name; more are as good as this many when it tells what is missing."""


def reserve(books: Books, order: OrderPlaced, cause: Cause) -> Sequence[Message]:
    """Hold every line of a placed order, or none (O1, I13). An order that was here before, even canceled, changes nothing."""
    seller_id, holder = order.seller_id, order.subject
    if books.reservations[holder] is not None:
        return []
    supply = books.supply(seller_id, order.lines, scope_of(order.channel, order.marketplace_id))
    match allocate(order.lines, supply):
        case Short(missing=missing):
            books.reservations[holder] = holding.refuse(order.marketplace_id, order.channel, cause.now)
            units = [MissingUnits(sku=sku, quantity=min(n, QUANTITY_MAX)) for sku, n in missing.items()]
            return [StockRefused(seller_id=seller_id, order_id=order.order_id, missing=tuple(units))]
        case portions:
            books.reservations[holder] = holding.hold(portions, order.marketplace_id, order.channel, cause.now)
            skus = bookings.move(books, holder, portions, (Bucket.AVAILABLE, Bucket.RESERVED), cause)
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
    books: Books, canceled: OrderCanceled | ItemsCanceled, portions: tuple[Portion, ...], cause: Cause
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
    """Units have left for the buyer, whatever was decided before: physical truth wins.

    They come from what the order holds; what it does not hold any more from available units, then from the youngest
    reservations, which are withdrawn; what then is missing is a discrepancy (S3).
    """
    holder = shipment.subject
    reservation = books.reservations[holder] or Reservation(Status.ENDED, changed_at=cause.now)
    wanted = shipment.package.lines or holding.open_portions(reservation)
    own = holding.held_for(reservation, wanted)
    if own:
        books.reservations[holder] = holding.ship(reservation, own, cause.now)
        bookings.move(books, holder, own, (Bucket.RESERVED, Outside.CUSTOMER), cause)
    late, facts = _ship_late(books, holder, holding.beyond(wanted, own), cause)
    shipped = own + late
    if not shipped:
        return facts
    lines = bookings.told_lines(shipped)
    return [StockShipped(seller_id=shipment.seller_id, order_id=shipment.order_id, lines=lines), *facts]


def _ship_late(
    books: Books, holder: Subject, missing: Sequence[holding.Missing], cause: Cause
) -> tuple[tuple[Portion, ...], list[Message]]:
    """Take and ship units that the holder does not hold; the facts are about others."""
    late: list[Portion] = []
    facts: list[Message] = []
    for line in missing:
        portions, told = _draw(books, holder, line, cause)
        late += portions
        facts += told
    facts += bookings.review_listings(books, holder.seller_id, {line.sku: None for line in missing}, cause)
    return tuple(late), facts


def _draw(books: Books, holder: Subject, line: holding.Missing, cause: Cause) -> tuple[tuple[Portion, ...], list[Message]]:
    """Units of one line that its holder does not hold, as far as there are any; first from where it had held them."""
    reservation = books.reservations[holder] or Reservation(Status.ENDED, changed_at=cause.now)
    key, scope = (holder.seller_id, line.sku), reservation.scope or UNKNOWN_SCOPE
    facts = bookings.withdraw(books, key, scope, line.quantity, cause)
    former = holding.location_of(reservation, line.line, line.sku)
    available = bookings.available_within(books, key, scope)
    taken = take(available, line.quantity, sorted(available, key=lambda location: (location != former, location)))
    portions = tuple(Portion(line.line, line.sku, location, units) for location, units in taken.items())
    if portions:
        bookings.pass_through(books, holder, portions, cause)
    if missing := line.quantity - sum(taken.values()):
        facts.append(bookings.open_discrepancy(books, key, former or unknown_in(scope), missing, cause))
    return portions, facts
