"""What removals tells: the seller has to hear of it (N6)."""

from collections import Counter
from collections.abc import Iterable, Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.removals import (
    RemovalCanceled,
    RemovalCancelRefused,
    RemovalCompleted,
    RemovalLine,
    RemovalPlaced,
    RemovalRefused,
    RemovalShortage,
    RemovalShortened,
    RemovalUnitsMissing,
)
from notifications.decisions.ledger import write_to_seller
from notifications.domain import occasion
from notifications.domain.occasion import MissingUnits, RemovalOutcome, RemovalUnits, Unavailable
from notifications.store import Books

TOO_LATE = frozenset({"removal_processing", "removal_completed"})
"""Refusals of a cancel that came too late; others found nothing to cancel, and nobody waits for such a mail."""


def place(books: Books, fact: RemovalPlaced, cause: Cause) -> Sequence[Message]:
    """The units are held."""
    told = occasion.RemovalPlaced(fact.removal_id, _units(fact.lines), fact.method, fact.leave_by)
    return write_to_seller(books, fact, cause, told)


def refuse(books: Books, fact: RemovalRefused, cause: Cause) -> Sequence[Message]:
    """Nothing is held; what is missing, and why other units may not be touched (R8, I16)."""
    told = occasion.RemovalRefused(fact.removal_id, tuple(_missing(shortage) for shortage in fact.missing))
    return write_to_seller(books, fact, cause, told)


def cancel(books: Books, fact: RemovalCanceled, cause: Cause) -> Sequence[Message]:
    """The units can be sold again (R9). A draft held none, and nobody was told of it."""
    if not fact.lines:
        return []
    return write_to_seller(books, fact, cause, occasion.RemovalCanceled(fact.removal_id, _units(fact.lines), fact.by))


def refuse_cancel(books: Books, fact: RemovalCancelRefused, cause: Cause) -> Sequence[Message]:
    """The warehouse was faster (R9)."""
    if fact.code not in TOO_LATE:
        return []
    return write_to_seller(books, fact, cause, occasion.RemovalCancelTooLate(fact.removal_id, fact.code))


def complete(books: Books, fact: RemovalCompleted, cause: Cause) -> Sequence[Message]:
    """What has become of every unit."""
    lines = tuple(
        RemovalOutcome(line.sku, line.condition, line.quantity, line.shipped, line.disposed, line.canceled)
        for line in fact.lines
    )
    return write_to_seller(books, fact, cause, occasion.RemovalCompleted(fact.removal_id, lines))


def miss(books: Books, fact: RemovalUnitsMissing, cause: Cause) -> Sequence[Message]:
    """Units were not on the shelf."""
    return write_to_seller(books, fact, cause, occasion.RemovalShort(fact.removal_id, _units(fact.lines), "missing"))


def shorten(books: Books, fact: RemovalShortened, cause: Cause) -> Sequence[Message]:
    """Units were needed where they had left already."""
    return write_to_seller(books, fact, cause, occasion.RemovalShort(fact.removal_id, _units(fact.lines), "withdrawn"))


def _units(lines: Iterable[RemovalLine]) -> tuple[RemovalUnits, ...]:
    """By item and condition, wherever the units lie."""
    found: Counter[tuple[str, str]] = Counter()
    for line in lines:
        found[line.sku, line.condition] += line.quantity
    return tuple(RemovalUnits(sku, condition, quantity) for (sku, condition), quantity in found.items())


def _missing(shortage: RemovalShortage) -> MissingUnits:
    unavailable = tuple(Unavailable(units.code, units.quantity) for units in shortage.unavailable)
    return MissingUnits(shortage.sku, shortage.condition, shortage.quantity, unavailable)
