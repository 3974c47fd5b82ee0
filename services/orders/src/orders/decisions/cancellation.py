"""Ways in which units come not to ship: the buyer, the seller, missing stock, missing payment, a deadline."""

from collections.abc import Mapping, Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import ReservationWithdrawn
from contracts.orders import (
    SELLER_REASONS,
    CanceledBy,
    CancelOrder,
    CancelReason,
    ConfirmByReached,
    ItemsCanceled,
    OrderCanceled,
    PaymentLimitReached,
    PickCanceled,
)
from contracts.warehouse import OrderPickShort
from orders.decisions.early import quarantine
from orders.decisions.facts import line_units, order_shipped, refused, write
from orders.domain import cancellation as rules
from orders.domain.cancellation import Item, Quantities, Refused, total
from orders.domain.order import Cancellation, Held, Order, Status, Units, open_of
from orders.store import Books

REASONS: Mapping[CanceledBy, Sequence[CancelReason]] = {
    CanceledBy.BUYER: (CancelReason.BUYER_CANCELED,),
    CanceledBy.SELLER: SELLER_REASONS,
    CanceledBy.SYSTEM: (),
}
"""What a command may give as its reason; the system cancels by its own decisions only."""


def cancel_order(books: Books, order: Order, command: CancelOrder, cause: Cause) -> Sequence[Message]:
    """The buyer inside the hold, or the seller with a reason, ends the order or some of its units (O3, O15, O16)."""
    if command.reason not in REASONS[command.by]:
        return refused(command, cause, "reason_not_allowed")
    items = [Item(item.quantity, item.line, item.asin) for item in command.items]
    quantities = _may_cancel(order, command, cause) or rules.chosen(order, items)
    if isinstance(quantities, Refused):
        return refused(command, cause, quantities.code)
    why = Cancellation(command.reason.value, command.by.value, cause.now, command.memo)
    return [*_cancel(books, order, quantities, why), *_pick_canceled(order, quantities)]


def cancel_withdrawn(books: Books, order: Order, fact: ReservationWithdrawn, cause: Cause) -> Sequence[Message]:
    """Inventory can't keep these units: those still open are canceled, the rest of the order goes on."""
    lost = tuple(Held(line.line, line.sku, line.location_id, line.quantity) for line in fact.lines)
    quantities = open_of(order, total(lost))
    if not quantities:
        return []
    facts = _cancel(books, rules.withdrawn(order, lost), quantities, _by_system(CancelReason.NO_INVENTORY, cause))
    return [*facts, *_pick_canceled(order, quantities)]


def cancel_short(books: Books, order: Order, report: OrderPickShort, cause: Cause) -> Sequence[Message]:
    """The warehouse did not find these units: they will not ship. It knows already, so it is not told."""
    if not order.purchase.from_network or order.status is Status.PENDING:
        return quarantine(books, report, cause, "the network was not asked to pick this order")
    quantities = open_of(order, total([Units(line.line, line.sku, line.quantity) for line in report.lines]))
    return _cancel(books, order, quantities, _by_system(CancelReason.NO_INVENTORY, cause)) if quantities else []


def cancel_unpaid(books: Books, order: Order, _: PaymentLimitReached, cause: Cause) -> Sequence[Message]:
    """21 days without what it takes to release the order: Canceled (O4)."""
    return cancel_open(books, order, CancelReason.PAYMENT_LIMIT, cause) if order.status is Status.PENDING else []


def cancel_unconfirmed(books: Books, order: Order, _: ConfirmByReached, cause: Cause) -> Sequence[Message]:
    """Not confirmed in time: what has not shipped is canceled, and not paid even if it ships later (O9)."""
    return cancel_open(books, order, CancelReason.NOT_CONFIRMED, cause) if order.is_open else []


def cancel_open(books: Books, order: Order, reason: CancelReason, cause: Cause) -> Sequence[Message]:
    """The system cancels everything that is open."""
    quantities = total(order.open_units)
    return [*_cancel(books, order, quantities, _by_system(reason, cause)), *_pick_canceled(order, quantities)]


def _cancel(books: Books, order: Order, quantities: Quantities, why: Cancellation) -> Sequence[Message]:
    """Nothing shipped and nothing open: the order is canceled. Otherwise items are, and what has shipped may be all."""
    after = rules.cancel(order, quantities, why)
    write(books, after)
    bought, lines = order.purchase, line_units(after.cancellations[-1].units)
    if after.status is not Status.CANCELED:
        items = ItemsCanceled(seller_id=bought.seller_id, order_id=bought.order_id, lines=lines, reason=why.reason, by=why.by)
        return [items, *order_shipped(order, after)]
    return [
        OrderCanceled(
            seller_id=bought.seller_id,
            order_id=bought.order_id,
            lines=lines,
            reason=why.reason,
            by=why.by,
            confirmed=order.release is not None,
        )
    ]


def _pick_canceled(order: Order, quantities: Quantities) -> Sequence[Message]:
    """The warehouse may have been asked for these units."""
    if order.release is None or not order.purchase.from_network:
        return []
    lines = line_units(
        Units(line.number, line.sku, quantities[line.number]) for line in order.lines if line.number in quantities
    )
    return [PickCanceled(seller_id=order.purchase.seller_id, order_id=order.purchase.order_id, lines=lines)]


def _may_cancel(order: Order, command: CancelOrder, cause: Cause) -> Refused | None:
    if command.by is CanceledBy.BUYER:
        return rules.may_buyer_cancel(order, in_hold=cause.now < order.purchase.hold_until)
    return rules.may_seller_change(order)


def _by_system(reason: CancelReason, cause: Cause) -> Cancellation:
    return Cancellation(reason.value, CanceledBy.SYSTEM.value, cause.now)
