"""What has to come together before an order may ship: stock, payment, and the end of the buyer's hold."""

from collections.abc import Sequence
from datetime import timedelta

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import HeldLine, StockRefused, StockReleased, StockReserved
from contracts.orders import CancelReason, ConfirmByNear, ConfirmByReached, HoldEnded, PaymentLimitReached
from contracts.payments import PaymentDeclined, PaymentDelayed, PaymentVerified
from orders.decisions.cancellation import cancel_open
from orders.decisions.facts import order_released, order_reserved, pick_requested, subject_of, write
from orders.domain.cancellation import withdrawn
from orders.domain.order import Held, Order, Payment, Status, Stock, is_ready
from orders.domain.policy import Release, released
from orders.store import Books


def verify_payment(books: Books, order: Order, _: PaymentVerified, cause: Cause) -> Sequence[Message]:
    """The payment is good (O4). Said again it changes nothing; said after the end it is only recorded."""
    if order.status is not Status.PENDING:
        return _note_late(books, order, Payment.VERIFIED)
    if order.payment is Payment.VERIFIED:
        return []
    return _release_when_ready(books, order._replace(payment=Payment.VERIFIED, changed_at=cause.now), cause)


def delay_payment(books: Books, order: Order, _: PaymentDelayed, cause: Cause) -> Sequence[Message]:
    """No answer yet: the order stays Pending (O4). An answer that is there already stands."""
    if order.status is Status.PENDING and order.payment is Payment.UNKNOWN:
        write(books, order._replace(payment=Payment.DELAYED, changed_at=cause.now))
    return []


def decline_payment(books: Books, order: Order, answer: PaymentDeclined, cause: Cause) -> Sequence[Message]:
    """The payment will not come: Canceled (O4). Once released, or at its end, the answer is only recorded."""
    declined = Payment.FRAUD if answer.fraud else Payment.DECLINED
    if order.status is not Status.PENDING:
        return _note_late(books, order, declined)
    reason = CancelReason.FRAUD if answer.fraud else CancelReason.PAYMENT_DECLINED
    return cancel_open(books, order._replace(payment=declined), reason, cause)


def note_reserved(books: Books, order: Order, answer: StockReserved, cause: Cause) -> Sequence[Message]:
    """Every line is held (O1)."""
    if order.status is not Status.PENDING or order.stock is not Stock.UNKNOWN:
        return []
    reserved = order._replace(stock=Stock.RESERVED, held=_held(answer.lines), changed_at=cause.now)
    return [order_reserved(order.purchase, cause), *_release_when_ready(books, reserved, cause)]


def refuse_stock(books: Books, order: Order, _: StockRefused, cause: Cause) -> Sequence[Message]:
    """Not every line could be held, so none is: Canceled (O1)."""
    if order.status is not Status.PENDING or order.stock is not Stock.UNKNOWN:
        return []
    return cancel_open(books, order._replace(stock=Stock.REFUSED), CancelReason.NO_INVENTORY, cause)


def note_released_stock(books: Books, order: Order, answer: StockReleased, cause: Cause) -> Sequence[Message]:
    """Canceled units are not held any more: they must not be picked from where they were."""
    if order.status is Status.PENDING:
        write(books, withdrawn(order, _held(answer.lines))._replace(changed_at=cause.now))
    return []


def end_hold(books: Books, order: Order, _: HoldEnded, cause: Cause) -> Sequence[Message]:
    """The buyer's 30 minutes are over (O3); what else is missing has time up to the payment limit (O4).

    The order remembers that it is so late: no clock that is behind may doubt it.
    """
    if order.status is not Status.PENDING:
        return []
    late = order._replace(changed_at=cause.now)
    if not is_ready(late, cause.now):
        books.deadlines.set(PaymentLimitReached, subject_of(order.purchase), order.purchase.payment_until, cause)
    return _release_when_ready(books, late, cause)


def _release_when_ready(books: Books, order: Order, cause: Cause) -> Sequence[Message]:
    if is_ready(order, cause.now):
        return _release(books, order, cause)
    write(books, order)
    return []


def _release(books: Books, order: Order, cause: Cause) -> Sequence[Message]:
    """The order becomes Unshipped (O5); network orders go to the warehouse at once."""
    bought, subject = order.purchase, subject_of(order.purchase)
    calendar = books.policies.calendar_of(bought.marketplace_id)
    dates = released(bought.policy, calendar, bought.placed_at, cause.now)
    order = order._replace(status=Status.UNSHIPPED, release=dates, changed_at=cause.now)
    write(books, order)
    _set_confirm_by(books, order, dates, cause)
    told: list[Message] = [order_released(bought, dates)]
    if bought.from_network:
        address = books.addresses[subject]
        if address is None:
            raise LookupError(f"{subject.key} has no delivery address")
        told.append(pick_requested(order, address))
    return told


def _set_confirm_by(books: Books, order: Order, release: Release, cause: Cause) -> None:
    """From now on the order waits for the seller (O9). A warning that should have come before now comes at once."""
    subject = subject_of(order.purchase)
    near = release.confirm_by - timedelta(days=order.purchase.policy.warning_days)
    books.deadlines.clear(subject, [HoldEnded, PaymentLimitReached])
    books.deadlines.set(ConfirmByNear, subject, max(near, cause.now), cause)
    books.deadlines.set(ConfirmByReached, subject, release.confirm_by, cause)


def _note_late(books: Books, order: Order, answer: Payment) -> Sequence[Message]:
    if answer not in {order.payment, order.late_payment}:
        write(books, order._replace(late_payment=answer))
    return []


def _held(lines: Sequence[HeldLine]) -> tuple[Held, ...]:
    return tuple(Held(line.line, line.sku, line.location_id, line.quantity) for line in lines)
