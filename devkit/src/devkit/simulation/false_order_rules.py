"""Rules about orders, in orders and in inventory, with one thought left out. Those about removals and mails: `false_rules`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from chassis.desk import Decision, Desk
from chassis.early import Expected
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import StockReserved
from contracts.orders import (
    CancelOrder,
    CancelReason,
    HoldEnded,
    ItemsCanceled,
    OrderCanceled,
    OrderPlaced,
    PlacedLine,
    ShippedAfterCancel,
)
from contracts.payments import PaymentVerified
from devkit.simulation.false_rules import put
from inventory.domain.location import Short, allocate, scope_of
from inventory.store import Books as Stock
from orders.decisions import FOR_AN_ORDER, cancellation, release
from orders.decisions.early import EARLY
from orders.domain.order import Order, Payment
from orders.store import Books as Orders


def forget_early_messages(desk: Desk[Any]) -> None:
    """What comes before its order is not kept."""

    def forgetting(decide: Decision[Orders, Any]) -> Decision[Orders, Any]:
        def decided(books: Orders, message: Message, cause: Cause) -> Sequence[Message]:
            root = books.orders[message.subject]
            return [] if root is None or isinstance(root, Expected) else decide(books, message, cause)

        return decided

    for kind, decide in FOR_AN_ORDER.items():
        if desk.service == "orders":
            put(desk, kind, forgetting(decide))


def release_unpaid(desk: Desk[Any]) -> None:
    """Nobody waits for the payment."""

    def end_hold(books: Orders, order: Order, deadline: HoldEnded, cause: Cause) -> Sequence[Message]:
        return release.end_hold(books, order._replace(payment=Payment.VERIFIED), deadline, cause)

    put(desk, HoldEnded, EARLY.or_nothing(end_hold))


def release_in_hold(desk: Desk[Any]) -> None:
    """Nobody waits for the end of the buyer's hold."""

    def verify(books: Orders, order: Order, payment: PaymentVerified, cause: Cause) -> Sequence[Message]:
        return release.verify_payment(books, order, payment, _after_hold(order, cause))

    def note_reserved(books: Orders, order: Order, answer: StockReserved, cause: Cause) -> Sequence[Message]:
        return release.note_reserved(books, order, answer, _after_hold(order, cause))

    if desk.service == "orders":
        put(desk, PaymentVerified, EARLY.or_kept(verify))
        put(desk, StockReserved, EARLY.or_kept(note_reserved))


def cancel_after_hold(desk: Desk[Any]) -> None:
    """The buyer may cancel as long as the order is Pending, whatever the time."""

    def cancel(books: Orders, order: Order, command: CancelOrder, cause: Cause) -> Sequence[Message]:
        in_hold = min(cause.now, order.purchase.hold_until - timedelta(seconds=1))
        return cancellation.cancel_order(books, order, command, cause._replace(now=in_hold))

    put(desk, CancelOrder, EARLY.or_kept(cancel))


def reserve_some_lines(desk: Desk[Any]) -> None:
    """Lines that can be reserved are, although others can't."""

    def reserve(books: Stock, order: OrderPlaced, cause: Cause) -> Sequence[Message]:
        lines = list(_that_fit(books, order))
        return real(books, order.model_copy(update={"lines": tuple(lines)}) if lines else order, cause)

    if desk.service == "inventory":
        real = desk.rules[OrderPlaced].decide
        put(desk, OrderPlaced, reserve)


def restock_whatever_the_reason(desk: Desk[Any]) -> None:
    """Units that the seller says are not there can be bought again."""

    def restocking(decide: Decision[Stock, Any]) -> Decision[Stock, Any]:
        def decided(books: Stock, canceled: Message, cause: Cause) -> Sequence[Message]:
            return decide(books, canceled.model_copy(update={"reason": CancelReason.BUYER_CANCELED.value}), cause)

        return decided

    for kind in (OrderCanceled, ItemsCanceled):
        if desk.service == "inventory":
            put(desk, kind, restocking(desk.rules[kind].decide))


def forget_late_shipments(desk: Desk[Any]) -> None:
    """What was canceled can't have shipped."""
    if desk.service == "inventory":
        put(desk, ShippedAfterCancel, lambda _books, _shipment, _cause: [])


def _after_hold(order: Order, cause: Cause) -> Cause:
    return cause._replace(now=max(cause.now, order.purchase.hold_until))


def _that_fit(books: Stock, order: OrderPlaced) -> Sequence[PlacedLine]:
    """One after the other, as long as there are units."""
    fit: list[PlacedLine] = []
    shelves = books.sellable(order.seller_id, scope_of(order.channel, order.marketplace_id))
    for line in order.lines:
        if not isinstance(allocate([*fit, line], shelves), Short):
            fit.append(line)
    return fit
