"""What must hold of those who hold units, orders and removals, read from the ledger: their accounts (S7), and that nothing was
removed that somebody else had (S6).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias

from devkit.simulation.stage import Stage
from inventory import tables
from inventory.domain.stock import Bucket, Outside

BOUND = {"order": Bucket.RESERVED, "removal": Bucket.HELD}
"""Where units are that are somebody's, by the kind of holder."""
GONE = {"order": Outside.CUSTOMER, "removal": Outside.REMOVED}
"""Where they go when they leave with it."""

Line: TypeAlias = tuple[str, str, str, int, str, str]
"""Seller, kind of holder, holder, line, location, SKU."""


def bound_problems(stage: Stage) -> Iterator[str]:
    """Movements out of a holder's units by another, or of units that it did not have at that time; and removals from anywhere
    but what the removal itself held (S6).
    """
    held: Counter[Line] = Counter()
    moved = stage.database("inventory").rows(tables.movement)
    for row in sorted(moved, key=lambda row: (row.seller_id, row.sku, row.item_version)):
        own = BOUND.get(row.holder_kind or "")
        if any(bucket != own for bucket in {row.source, row.target} & {Bucket.RESERVED, Bucket.HELD}):
            yield f"{_told(row)} was moved for {row.holder_kind} {row.holder_id}"
        if row.target == Outside.REMOVED and row.source != Bucket.HELD:
            yield f"{_told(row)} was held by no removal"
        if row.target == own:
            held[_line(row)] += row.quantity
        elif row.source == own:
            held[_line(row)] -= row.quantity
            if held[_line(row)] < 0:
                yield f"{_told(row)}: {row.holder_kind} {row.holder_id} did not hold so many"


def holder_problems(stage: Stage) -> Iterator[str]:
    """Lines whose taken, released and shipped are not what the ledger says, for every holder (S7)."""
    told: dict[Line, Counter[str]] = {}
    for row in stage.database("inventory").rows(tables.movement):
        own = BOUND.get(row.holder_kind or "")
        if row.target == own:
            told.setdefault(_line(row), Counter())["taken"] += row.quantity
        elif row.source == own:
            way = "shipped" if row.target == GONE[row.holder_kind] else "released"
            told.setdefault(_line(row), Counter())[way] += row.quantity
    stored: dict[Line, Counter[str]] = {}
    for row in stage.database("inventory").rows(tables.reservation_line):
        line = (row.seller_id, row.kind, row.holder_id, row.line, row.location_id, row.sku)
        units = {"taken": row.taken, "released": row.released, "shipped": row.shipped}
        stored.setdefault(line, Counter()).update(units)
    for line in sorted(stored.keys() | told.keys()):
        account, ledger = +stored.get(line, Counter()), +told.get(line, Counter())
        if account != ledger:
            yield f"{line} says {dict(account)}, the ledger {dict(ledger)}"


def open_lines(stage: Stage) -> Iterator[str]:
    """Units that are still held for an order or a removal, although all have ended (S7)."""
    for row in stage.database("inventory").rows(tables.reservation_line):
        if row.taken != row.released + row.shipped:
            yield f"{row.kind} {row.holder_id} of {row.seller_id} has ended, line {row.line} still holds units of {row.sku}"


def _line(row: Any) -> Line:
    return row.seller_id, row.holder_kind, row.holder_id, row.line, row.location_id, row.sku


def _told(row: Any) -> str:
    return f"{row.quantity} of {row.sku} of {row.seller_id} from {row.source} to {row.target} (version {row.item_version})"
