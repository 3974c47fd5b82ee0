"""Units that have left for good, with an order or a removal, or are gone: physical truth wins, whatever was decided before.

They come from what the holder holds; what it does not hold any more from units that nobody holds, then from the youngest
holders, which give way; what then is missing is a discrepancy (S3).
"""

from collections.abc import Mapping, Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from inventory.decisions import bookings
from inventory.domain import absence
from inventory.domain import reservation as holding
from inventory.domain.absence import Lack, WantedAt
from inventory.domain.location import Wanted
from inventory.domain.reservation import BOUND, GONE, HeldPortion, LineKey, Reservation, Status
from inventory.domain.stock import Move, Outside
from inventory.domain.withdrawal import unbound
from inventory.store import Books

NOT_TOLD: Mapping[LineKey, str | None] = {}
"""The conditions of what an order ships: all of it could be sold."""


def depart(
    books: Books, holder: Subject, wanted: Sequence[Wanted], cause: Cause, conditions: Mapping[LineKey, str | None] = NOT_TOLD
) -> tuple[tuple[HeldPortion, ...], list[Message]]:
    """Let these units go; returns those that the books had, and facts about others."""
    reservation = _reservation(books, holder, cause)
    own = holding.held_for(reservation, wanted)
    missing = holding.beyond(wanted, own)
    if own:
        books.reservations[holder] = holding.ship(reservation, own, cause.now)
        bookings.move(books, holder, own, (BOUND[holder.kind], GONE[holder.kind]), cause)
    if not missing:
        return own, []
    late, facts, nowhere = _draw(books, holder.seller_id, absence.of_departure(reservation, missing, conditions), cause)
    if late:
        _pass_through(books, holder, late, cause)
    return (*own, *late), [*facts, *_review(books, holder.seller_id, nowhere, [line.sku for line in missing], cause)]


def write_off(
    books: Books, holder: Subject, missing: Sequence[WantedAt], cause: Cause
) -> tuple[tuple[HeldPortion, ...], list[Message]]:
    """These units were not on the shelf; returns those that the books had, and facts about others.

    Of a hold that gave way to a loss, units are free that are not there: they may not be bought.
    """
    reservation = _reservation(books, holder, cause)
    own = absence.still_held(reservation, missing)
    if own:
        books.reservations[holder] = holding.release(reservation, own, cause.now)
        bookings.move(books, holder, own, (BOUND[holder.kind], Outside.WRITTEN_OFF), cause)
    lacks = absence.of_shelf(reservation, missing, own)
    if not lacks:
        return own, []
    late, facts, nowhere = _draw(books, holder.seller_id, lacks, cause)
    moves = [Move(sku, location, bucket, Outside.WRITTEN_OFF, quantity) for _, sku, location, quantity, bucket in late]
    books.book(holder.seller_id, moves, cause)
    return (*own, *late), [*facts, *_review(books, holder.seller_id, nowhere, [lack.need.sku for lack in lacks], cause)]


def _draw(
    books: Books, seller_id: str, lacks: Sequence[Lack], cause: Cause
) -> tuple[list[HeldPortion], list[Message], list[Lack]]:
    """Units that stand for those that lack, all lines at once; who gave way for them; and what is in no book."""
    needs = absence.summed(lacks)
    facts = bookings.withdraw(books, seller_id, needs, cause)
    free = {need._replace(quantity=0): unbound(books.item(seller_id, need.sku), need) for need in needs}
    portions, nowhere = absence.found(lacks, free)
    return portions, facts, nowhere


def _review(books: Books, seller_id: str, nowhere: Sequence[Lack], skus: Sequence[str], cause: Cause) -> list[Message]:
    """What is in no book, and listings that this has turned."""
    opened = [
        bookings.open_discrepancy(books, (seller_id, lack.need.sku), lack.location_id, lack.need.quantity, cause)
        for lack in nowhere
    ]
    return [*opened, *bookings.review_listings(books, seller_id, dict.fromkeys(skus), cause)]


def _pass_through(books: Books, holder: Subject, portions: Sequence[HeldPortion], cause: Cause) -> None:
    """Units are taken and gone at once, so that the holder's account shows both (S7)."""
    taken = holding.take_late(_reservation(books, holder, cause), portions, cause.now)
    books.reservations[holder] = holding.ship(taken, portions, cause.now)
    bookings.bind(books, holder, portions, cause)
    bookings.move(books, holder, portions, (BOUND[holder.kind], GONE[holder.kind]), cause)


def _reservation(books: Books, holder: Subject, cause: Cause) -> Reservation:
    return books.reservations[holder] or Reservation(Status.ENDED, changed_at=cause.now)
