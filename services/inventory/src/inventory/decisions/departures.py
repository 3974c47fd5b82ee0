"""Units that have left for good, with an order or a removal: physical truth wins, whatever was decided before.

They come from what the holder holds; what it does not hold any more from units that nobody holds, then from the youngest
holders, which give way; what then is missing is a discrepancy (S3).
"""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from inventory.decisions import bookings
from inventory.domain import reservation as holding
from inventory.domain.location import UNKNOWN_SCOPE, Wanted, take, unknown_in
from inventory.domain.reservation import BOUND, GONE, HeldPortion, Reservation, Status
from inventory.domain.stock import Bucket
from inventory.domain.withdrawal import Need, unbound
from inventory.store import Books


def depart(
    books: Books, holder: Subject, wanted: Sequence[Wanted], cause: Cause
) -> tuple[tuple[HeldPortion, ...], list[Message]]:
    """Let these units go; returns those that the books had, and facts about others."""
    reservation = _reservation(books, holder, cause)
    own = holding.held_for(reservation, wanted)
    if own:
        books.reservations[holder] = holding.ship(reservation, own, cause.now)
        bookings.move(books, holder, own, (BOUND[holder.kind], GONE[holder.kind]), cause)
    late, facts = _depart_late(books, holder, holding.beyond(wanted, own), cause)
    return own + late, facts


def _depart_late(
    books: Books, holder: Subject, missing: Sequence[holding.Missing], cause: Cause
) -> tuple[tuple[HeldPortion, ...], list[Message]]:
    """Take units that the holder does not hold and let them go."""
    late: list[HeldPortion] = []
    facts: list[Message] = []
    for line in missing:
        portions, told = _draw(books, holder, line, cause)
        late += portions
        facts += told
    facts += bookings.review_listings(books, holder.seller_id, {line.sku: None for line in missing}, cause)
    return tuple(late), facts


def _draw(books: Books, holder: Subject, line: holding.Missing, cause: Cause) -> tuple[tuple[HeldPortion, ...], list[Message]]:
    """Units of one line that its holder does not hold, as far as there are any; first from where it had held them."""
    reservation, seller_id = _reservation(books, holder, cause), holder.seller_id
    scope, former = reservation.scope or UNKNOWN_SCOPE, holding.place_of(reservation, line.line, line.sku)
    buckets = holding.buckets_like(former[1] if former else Bucket.AVAILABLE)
    need = Need(line.sku, scope, line.quantity, buckets)
    facts = bookings.withdraw(books, seller_id, need, cause)
    free = unbound(books.item(seller_id, line.sku), need)
    taken = take(free, line.quantity, sorted(free, key=lambda place: (place != former, buckets.index(place[1]), place)))
    portions = tuple([HeldPortion(line.line, line.sku, at, units, bucket) for (at, bucket), units in taken.items()])
    if portions:
        _pass_through(books, holder, portions, cause)
    if missing := line.quantity - sum(taken.values()):
        location = former[0] if former else unknown_in(scope)
        facts.append(bookings.open_discrepancy(books, (seller_id, line.sku), location, missing, cause))
    return portions, facts


def _pass_through(books: Books, holder: Subject, portions: Sequence[HeldPortion], cause: Cause) -> None:
    """Units are taken and gone at once, so that the holder's account shows both (S7)."""
    taken = holding.take_late(_reservation(books, holder, cause), portions, cause.now)
    books.reservations[holder] = holding.ship(taken, portions, cause.now)
    bookings.bind(books, holder, portions, cause)
    bookings.move(books, holder, portions, (BOUND[holder.kind], GONE[holder.kind]), cause)


def _reservation(books: Books, holder: Subject, cause: Cause) -> Reservation:
    return books.reservations[holder] or Reservation(Status.ENDED, changed_at=cause.now)
