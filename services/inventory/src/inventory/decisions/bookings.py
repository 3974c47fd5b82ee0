"""What several decisions do to the books: move units, review listings, take reservations back, note what is missing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.identity import hashed_id
from contracts.inventory import DiscrepancyOpened, HeldLine, ListingRestocked, ListingSoldOut, ReservationWithdrawn
from inventory.domain import listing as listings
from inventory.domain import reservation as holding
from inventory.domain import withdrawal
from inventory.domain.location import Portion, is_within
from inventory.domain.reservation import Reservation, Status
from inventory.domain.stock import Account, Bucket, Move, Outside
from inventory.store import Books, Discrepancy, ItemKey

HELD_LINES: TypeAdapter[tuple[HeldLine, ...]] = TypeAdapter(tuple[HeldLine, ...])
"""All lines of a fact at once: half the time of one after another."""


def move(
    books: Books, holder: Subject, portions: Iterable[Portion], way: tuple[Account, Account], cause: Cause
) -> Iterable[str]:
    """Move a holder's units the same way; returns the SKUs."""
    source, target = way
    moves: dict[str, list[Move]] = {}
    for line, sku, location, quantity in portions:
        moves.setdefault(sku, []).append(Move(location, source, target, quantity, line))
    for sku, each in moves.items():
        books.book(holder.seller_id, sku, each, cause, holder)
    return moves


def told_lines(portions: Iterable[Portion]) -> tuple[HeldLine, ...]:
    return HELD_LINES.validate_python(tuple([
        {"line": line, "sku": sku, "location_id": location, "quantity": quantity} for line, sku, location, quantity in portions
    ]))  # fmt: skip


def review_listings(books: Books, seller_id: str, skus: Iterable[str], cause: Cause) -> list[Message]:
    """Tell which listings have sold out or can sell again (O1), once all moves of a decision are made."""
    facts: list[Message] = []
    for sku in skus:
        item = books.item(seller_id, sku)
        if not item.listings:
            continue
        if turned := listings.turned(item.listings, item.available()):
            merged = listings.with_listings(item.listings, turned)
            books.items[seller_id, sku] = replace(item, listings=merged, changed_at=max(cause.now, item.changed_at))
            facts += [_turn(seller_id, sku, listing) for listing in turned]
    return facts


def _turn(seller_id: str, sku: str, listing: listings.Listing) -> Message:
    kind = ListingSoldOut if listing.sold_out else ListingRestocked
    return kind(seller_id=seller_id, sku=sku, marketplace_id=listing.marketplace_id, channel=listing.channel)


def withdraw(books: Books, key: ItemKey, scope: str, quantity: int, cause: Cause) -> list[Message]:
    """Make `quantity` units available within the scope, if need be at the cost of the youngest reservations."""
    seller_id, sku = key
    lacking = quantity - sum(available_within(books, key, scope).values())
    if lacking <= 0:
        return []
    facts: list[Message] = []
    held = books.reservations_of(seller_id)
    for holder, portions in withdrawal.withdraw(held, sku, scope, lacking).items():
        books.reservations[holder] = holding.release(held[holder], portions, cause.now)
        move(books, holder, portions, (Bucket.RESERVED, Bucket.AVAILABLE), cause)
        facts.append(ReservationWithdrawn(seller_id=seller_id, order_id=holder.id, lines=told_lines(portions)))
    return facts


def available_within(books: Books, key: ItemKey, scope: str) -> dict[str, int]:
    """Units that can be sold, by location, in the order of location ids."""
    available = books.item(*key).available()
    return {location: units for location, units in sorted(available.items()) if is_within(location, scope)}


def pass_through(books: Books, holder: Subject, portions: Sequence[Portion], cause: Cause) -> None:
    """Ship available units for a holder: they are taken and gone at once, so that its account shows both (S7)."""
    reservation = books.reservations[holder] or Reservation(Status.ENDED, changed_at=cause.now)
    taken = holding.take_late(reservation, portions, cause.now)
    books.reservations[holder] = holding.ship(taken, portions, cause.now)
    move(books, holder, portions, (Bucket.AVAILABLE, Bucket.RESERVED), cause)
    move(books, holder, portions, (Bucket.RESERVED, Outside.CUSTOMER), cause)


def open_discrepancy(books: Books, key: ItemKey, location_id: str, quantity: int, cause: Cause) -> Message:
    """Note units that left and that no book has; somebody has to look."""
    seller_id, sku = key
    discrepancy_id = hashed_id("discrepancy", seller_id, sku, location_id, str(cause.id), str(books.opened))
    books.opened += 1
    books.discrepancies.add([Discrepancy(discrepancy_id, seller_id, sku, location_id, quantity, cause.id, cause.now)])
    return DiscrepancyOpened(
        seller_id=seller_id,
        sku=sku,
        discrepancy_id=discrepancy_id,
        location_id=location_id,
        quantity=quantity,
        sentence=f"{quantity} units of {sku} are gone from {location_id} and in no book.",
    )
