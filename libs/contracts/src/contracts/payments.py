"""What the payment provider says of an order. Each may come twice, late, or before the order (O4)."""

from typing import ClassVar

from contracts.envelope import Topic
from contracts.orders import OrderMessage

FACTS = Topic("payments.facts", "payments", "order", "at least once; may come before the order")


class PaymentFact(OrderMessage):
    topic: ClassVar[Topic] = FACTS


class PaymentVerified(PaymentFact):
    """The buyer's payment method and the order's details are good."""


class PaymentDelayed(PaymentFact):
    """No answer yet; the order stays Pending."""


class PaymentDeclined(PaymentFact):
    """The payment will not come; with `fraud` the order was not genuine."""

    fraud: bool = False
