"""What several decisions do to the books: move units, review listings, take reservations back, note what is missing."""

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.identity import hashed_id
from contracts.inventory import (
    DiscrepancyOpened,
    HeldLine,
    HeldUnits,
    HoldWithdrawn,
    ListingRestocked,
    ListingSoldOut,
    ReservationWithdrawn,
)
from contracts.removals import PORTIONS_MAX
from inventory.domain import listing as listings
from inventory.domain import reservation as holding
from inventory.domain import withdrawal
from inventory.domain.location import Portion
from inventory.domain.reservation import BOUND, REMOVAL, HeldPortion
from inventory.domain.stock import Account, Bucket, Move
from inventory.domain.withdrawal import Need, unbound
from inventory.store import Books, Discrepancy, ItemKey

QUANTITY_MAX = 1_000_000
"""Units that a fact can name; more are as good as this many when it tells what is missing."""

HELD_UNITS: TypeAdapter[tuple[HeldUnits, ...]] = TypeAdapter(tuple[HeldUnits, ...])
HELD_LINES: TypeAdapter[tuple[HeldLine, ...]] = TypeAdapter(tuple[HeldLine, ...])
"""All lines of a fact at once: half the time of one after another."""


def move(
    books: Books, holder: Subject, portions: Iterable[Portion | HeldPortion], way: tuple[Account, Account], cause: Cause
) -> Iterable[str]:
    """Move a holder's units the same way; returns the SKUs, each once."""
    source, target = way
    moves = [Move._make((one.sku, one.location_id, source, target, one.quantity, one.line)) for one in portions]
    books.book(holder.seller_id, moves, cause, holder)
    return dict.fromkeys([move.sku for move in moves])


def bind(books: Books, holder: Subject, portions: Iterable[HeldPortion], cause: Cause) -> None:
    """Units go from where they are to their holder's account."""
    for bucket, each in _by_bucket(portions).items():
        move(books, holder, each, (bucket, BOUND[holder.kind]), cause)


def give_back(books: Books, holder: Subject, portions: Iterable[HeldPortion], cause: Cause) -> None:
    """Units go from their holder's account back to where they were."""
    for bucket, each in _by_bucket(portions).items():
        move(books, holder, each, (BOUND[holder.kind], bucket), cause)


def _by_bucket(portions: Iterable[HeldPortion]) -> dict[Bucket, list[HeldPortion]]:
    by_bucket: dict[Bucket, list[HeldPortion]] = {}
    for portion in portions:
        by_bucket.setdefault(portion.bucket, []).append(portion)
    return by_bucket


def told_lines(portions: Iterable[Portion | HeldPortion]) -> tuple[HeldLine, ...]:
    return HELD_LINES.validate_python(tuple(portions), from_attributes=True)


def told_units(portions: Iterable[HeldPortion]) -> tuple[HeldUnits, ...]:
    return HELD_UNITS.validate_python(tuple(portions), from_attributes=True)


def told_in_parts(portions: Sequence[HeldPortion]) -> list[tuple[HeldUnits, ...]]:
    """As many as a fact can name at a time: late units may come from more places than a hold has."""
    parts = [portions[start : start + PORTIONS_MAX] for start in range(0, len(portions), PORTIONS_MAX)]
    return [told_units(part) for part in parts]


def review_listings(books: Books, seller_id: str, skus: Iterable[str], cause: Cause) -> list[Message]:
    """Tell which listings have sold out or can sell again (O1), once all moves of a decision are made."""
    facts: list[Message] = []
    for sku in skus:
        item = books.items[seller_id, sku]
        if item is None or not item.listings:
            continue
        if turned := listings.turned(item.listings, item.available()):
            merged = listings.with_listings(item.listings, turned)
            books.items[seller_id, sku] = item._replace(listings=merged, changed_at=max(cause.now, item.changed_at))
            facts += [_turn(seller_id, sku, listing) for listing in turned]
    return facts


def _turn(seller_id: str, sku: str, listing: listings.Listing) -> Message:
    kind = ListingSoldOut if listing.sold_out else ListingRestocked
    return kind(seller_id=seller_id, sku=sku, marketplace_id=listing.marketplace_id, channel=listing.channel)


def withdraw(books: Books, seller_id: str, needs: Iterable[Need], cause: Cause) -> list[Message]:
    """See that the units needed are bound to nobody, at the cost of the youngest holders if need be."""
    lacking = [
        need._replace(quantity=quantity)
        for need in needs
        if (quantity := need.quantity - sum(unbound(books.item(seller_id, need.sku), need).values())) > 0
    ]
    if not lacking:
        return []
    facts: list[Message] = []
    held = books.reservations_of(seller_id)
    for holder, portions in withdrawal.withdraw(held, lacking).items():
        books.reservations[holder] = holding.release(held[holder], portions, cause.now)
        give_back(books, holder, portions, cause)
        facts.append(_withdrawn(holder, portions))
    return facts


def _withdrawn(holder: Subject, portions: Iterable[HeldPortion]) -> Message:
    if holder.kind == REMOVAL:
        return HoldWithdrawn(seller_id=holder.seller_id, removal_id=holder.id, lines=told_units(portions))
    return ReservationWithdrawn(seller_id=holder.seller_id, order_id=holder.id, lines=told_lines(portions))


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
        quantity=min(quantity, QUANTITY_MAX),
        sentence=f"{quantity} units of {sku} are gone from {location_id} and in no book.",
    )
