"""What inventory does about removals: hold their units, give them back, let them go (R8, R9)."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import HeldUnitsWrittenOff, HoldReleased, UnitsHeld, UnitsRefused, UnitsRemoved
from contracts.removals import (
    PORTIONS_MAX,
    RemovalCanceled,
    RemovalDisposed,
    RemovalRequested,
    RemovalShipped,
    RemovalShortage,
    RemovalUnitsMissing,
    RemovalUnitsReturned,
    UnavailableUnits,
)
from inventory.decisions import bookings, departures
from inventory.domain import removal_hold
from inventory.domain import reservation as holding
from inventory.domain.removal_hold import Refused, Shortage
from inventory.domain.reservation import NETWORK, HeldPortion, Reservation, Status
from inventory.store import Books


def hold(books: Books, removal: RemovalRequested, cause: Cause) -> Sequence[Message]:
    """Hold every line of a removal, or none (R8, S6). A removal that was here before, even canceled, changes nothing."""
    seller_id, holder, marketplace_id = removal.seller_id, removal.subject, removal.marketplace_id
    if books.reservations[holder] is not None:
        return []
    items = {line.sku: books.item(seller_id, line.sku) for line in removal.lines}
    match removal_hold.hold(removal.lines, items, marketplace_id, PORTIONS_MAX):
        case Refused(shortages=shortages):
            books.reservations[holder] = holding.refuse(marketplace_id, NETWORK, cause.now)
            missing = tuple([_told(shortage) for shortage in shortages])
            return [UnitsRefused(seller_id=seller_id, removal_id=removal.removal_id, missing=missing)]
        case portions:
            books.reservations[holder] = holding.hold_for_removal(portions, marketplace_id, cause.now)
            bookings.bind(books, holder, portions, cause)
            units = bookings.told_units(portions)
            held = UnitsHeld(seller_id=seller_id, removal_id=removal.removal_id, lines=units)
            return [held, *bookings.review_listings(books, seller_id, items, cause)]


def _told(shortage: Shortage) -> RemovalShortage:
    reasons = [UnavailableUnits(code=code, quantity=min(n, bookings.QUANTITY_MAX)) for code, n in shortage.unavailable.items()]
    return RemovalShortage(
        line=shortage.line,
        sku=shortage.sku,
        quantity=shortage.quantity,
        condition=shortage.condition,
        unavailable=tuple(reasons),
    )


def release_all(books: Books, removal: RemovalCanceled, cause: Cause) -> Sequence[Message]:
    """Give back all that the removal holds, once (R9). A cancel that comes first leaves its mark for the removal."""
    reservation = books.reservations[removal.subject]
    if reservation is None:
        books.reservations[removal.subject] = Reservation(Status.ENDED, changed_at=cause.now)
        return []
    return _release(books, removal, holding.open_portions(reservation), cause)


def release_some(books: Books, removal: RemovalUnitsReturned, cause: Cause) -> Sequence[Message]:
    """Give back what these lines still hold, at most (S5)."""
    reservation = books.reservations[removal.subject]
    if reservation is None:
        return []
    return _release(books, removal, holding.held_for(reservation, removal.lines, last_first=True), cause)


def _release(
    books: Books, removal: RemovalCanceled | RemovalUnitsReturned, portions: tuple[HeldPortion, ...], cause: Cause
) -> Sequence[Message]:
    seller_id, holder = removal.seller_id, removal.subject
    reservation = books.reservations[holder]
    if reservation is None or not portions:
        return []
    books.reservations[holder] = holding.release(reservation, portions, cause.now)
    bookings.give_back(books, holder, portions, cause)
    released = HoldReleased(seller_id=seller_id, removal_id=removal.removal_id, lines=bookings.told_units(portions))
    skus = {portion.sku: None for portion in portions}
    return [released, *bookings.review_listings(books, seller_id, skus, cause)]


def write_off(books: Books, removal: RemovalUnitsMissing, cause: Cause) -> Sequence[Message]:
    """Units were not on the shelf, whether they are still held or not."""
    named = {"seller_id": removal.seller_id, "removal_id": removal.removal_id}
    gone, facts = departures.write_off(books, removal.subject, removal.lines, cause)
    return [*(HeldUnitsWrittenOff(**named, lines=part) for part in bookings.told_in_parts(gone)), *facts]


def remove(books: Books, removal: RemovalShipped | RemovalDisposed, cause: Cause) -> Sequence[Message]:
    """Units have left the center for good, whatever was decided before."""
    named = {"seller_id": removal.seller_id, "removal_id": removal.removal_id}
    left = removal.parcel.lines if isinstance(removal, RemovalShipped) else removal.lines
    conditions = {(line.line, line.sku): line.condition for line in left}
    removed, facts = departures.depart(books, removal.subject, left, cause, conditions)
    return [*(UnitsRemoved(**named, lines=part) for part in bookings.told_in_parts(removed)), *facts]
