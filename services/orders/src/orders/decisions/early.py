"""Messages that come before their order: how orders keeps them. The keeping itself is the chassis'."""

from chassis.early import Early
from contracts.orders import EarlyMessagesExpired
from orders.domain.order import Order
from orders.store import Books

EARLY: Early[Books, Order] = Early(
    service="orders",
    noun="order",
    roots=lambda books: books.orders,
    deadline=EarlyMessagesExpired,
    patience=lambda books: books.policies.default.payment_limit,
)

quarantine = EARLY.quarantine
