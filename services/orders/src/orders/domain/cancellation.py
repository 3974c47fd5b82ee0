"""Units that will not ship: what may be canceled, by whom, and what becomes of the order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from orders.domain.order import Cancellation, Held, Line, Order, Status, Units, settled, units_of

CANCELLATIONS_KEPT = 100
"""Reasons and memos that an order remembers, the latest; the units are counted on its lines in any case."""

Quantities: TypeAlias = dict[int, int]
"""Units by line number."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A command changes nothing. `code` is one of the contract's refusals."""

    code: str


@dataclass(frozen=True, slots=True)
class Item:
    """Units to cancel, of a line by its number or of all lines with an ASIN (O16)."""

    quantity: int
    line: int | None = None
    asin: str | None = None


def may_buyer_cancel(order: Order, *, in_hold: bool) -> Refused | None:
    """Freely inside the hold; later the buyer can only ask the seller (O3)."""
    match order.status:
        case Status.CANCELED:
            return Refused("order_canceled")
        case Status.SHIPPED:
            return Refused("order_shipped")
        case Status.PENDING if in_hold:
            return None
        case _:
            return Refused("hold_over")


def may_seller_change(order: Order) -> Refused | None:
    """A Pending order is not the seller's to act on; one that has ended is nobody's (O2, O12)."""
    match order.status:
        case Status.CANCELED:
            return Refused("order_canceled")
        case Status.SHIPPED:
            return Refused("order_shipped")
        case Status.UNSHIPPED | Status.PARTIALLY_SHIPPED:
            return None
        case _:
            return Refused("order_pending")


def chosen(order: Order, items: Sequence[Item]) -> Quantities | Refused:
    """The open units that `items` name, by line; without items everything that is open. All of them or none."""
    if not items:
        return {units.line: units.quantity for units in order.open_units}
    left = {line.number: line.open for line in order.lines}
    for item in items:
        lines = _named(order, item)
        if isinstance(lines, Refused):
            return lines
        if item.quantity > sum(left[line.number] for line in lines):
            return Refused("too_many_units")
        _take(left, lines, item.quantity)
    return {line.number: taken for line in order.lines if (taken := line.open - left[line.number])}


def cancel(order: Order, quantities: Quantities, why: Cancellation) -> Order:
    """Cancel open units. The order ends when nothing is open any more: Shipped, if something of it has shipped."""
    lines = tuple(replace(line, canceled=line.canceled + quantities.get(line.number, 0)) for line in order.lines)
    told = (*order.cancellations, replace(why, units=units_of(order, quantities)))
    return settled(order, lines)._replace(cancellations=told[-CANCELLATIONS_KEPT:], changed_at=why.at)


def withdrawn(order: Order, lost: Sequence[Held]) -> Order:
    """The order without what inventory can't keep for it; its units are not canceled yet."""
    gone = {(held.line, held.location_id): held.quantity for held in lost}
    left = (replace(h, quantity=h.quantity - gone.get((h.line, h.location_id), 0)) for h in order.held)
    return order._replace(held=tuple(held for held in left if held.quantity > 0))


def _named(order: Order, item: Item) -> Sequence[Line] | Refused:
    if item.line is None:
        lines = [line for line in order.lines if item.asin is not None and line.asin == item.asin]
        return lines or Refused("unknown_asin" if item.asin else "unknown_line")
    if item.line > len(order.lines):
        return Refused("unknown_line")
    line = order.lines[item.line - 1]
    return [line] if item.asin in {None, line.asin} else Refused("unknown_asin")


def _take(left: Quantities, lines: Sequence[Line], quantity: int) -> None:
    for line in lines:
        taken = min(left[line.number], quantity)
        left[line.number] -= taken
        quantity -= taken


def total(units: Sequence[Units] | Sequence[Held]) -> Quantities:
    """Units by line number."""
    summed: Quantities = {}
    for one in units:
        summed[one.line] = summed.get(one.line, 0) + one.quantity
    return summed
