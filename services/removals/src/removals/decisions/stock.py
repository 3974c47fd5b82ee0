"""The view of inventory's stock: the newest snapshot of each item."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import StockSnapshot
from removals.domain.stock import Balance, StockView
from removals.store import Books


def note_snapshot(books: Books, snapshot: StockSnapshot, _: Cause) -> Sequence[Message]:
    """Snapshots come late and again: an older one, by the item's version, says nothing new (R5)."""
    known = books.stock[snapshot.subject]
    if known is None or known.version < snapshot.version:
        balances = tuple(Balance(one.location_id, one.bucket, one.quantity) for one in snapshot.balances)
        books.stock[snapshot.subject] = StockView(snapshot.version, snapshot.changed_at, balances)
    return []
