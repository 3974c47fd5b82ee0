"""What orders says and what may be asked of it. Everything is keyed by order, so that the facts of one order arrive in order.

Personal data: the buyer's mail address and language in `PlaceOrder` and `OrderPlaced`, the delivery address in `PlaceOrder`
and `PickRequested`, nowhere else.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.envelope import Deadline, Message, Subject, Topic
from contracts.values import (
    PLAIN,
    Address,
    Asin,
    Buyer,
    Channel,
    Code,
    Instant,
    LineNumber,
    LineUnits,
    LocationId,
    MarketplaceId,
    Money,
    Note,
    OrderId,
    Quantity,
    Sku,
    Title,
    Value,
)

COMMANDS = Topic("orders.commands", "storefront", "order", "trusted writers only; each command has its effect once")
FACTS = Topic("orders.facts", "orders", "order", "facts of one order arrive in the order of their sequence")

LINES_MAX = 1_000
PACKAGES_MAX = 100


class CancelReason(StrEnum):
    """Why an order or some of its units will not ship. Open when read."""

    BUYER_CANCELED = "BuyerCanceled"
    NO_INVENTORY = "NoInventory"
    SHIPPING_ADDRESS_UNDELIVERABLE = "ShippingAddressUndeliverable"
    GENERAL_ADJUSTMENT = "GeneralAdjustment"
    PRICING_ERROR = "PricingError"
    CUSTOMER_EXCHANGE = "CustomerExchange"
    PAYMENT_DECLINED = "PaymentDeclined"
    FRAUD = "Fraud"
    PAYMENT_LIMIT = "PaymentLimitReached"
    NOT_CONFIRMED = "NotConfirmedInTime"


SELLER_REASONS = (
    CancelReason.BUYER_CANCELED,
    CancelReason.NO_INVENTORY,
    CancelReason.SHIPPING_ADDRESS_UNDELIVERABLE,
    CancelReason.GENERAL_ADJUSTMENT,
    CancelReason.PRICING_ERROR,
    CancelReason.CUSTOMER_EXCHANGE,
)
"""What a seller may give as the reason (O15)."""


class CanceledBy(StrEnum):
    """Who ended it. Open when read."""

    BUYER = "buyer"
    SELLER = "seller"
    SYSTEM = "system"


class Line(Value):
    """One line of a new order; its number is its place."""

    sku: Sku
    quantity: Quantity
    unit_price: Money
    asin: Asin | None = None
    title: Title = ""


class PlacedLine(Line):
    line: LineNumber


class ItemUnits(Value):
    """Units to cancel: of a line by its number, or of all lines with this ASIN, in line order (O16)."""

    line: LineNumber | None = None
    asin: Asin | None = None
    quantity: Quantity


class Package(Value):
    """One parcel. Without `lines` it holds everything that has not shipped yet."""

    package_id: Code
    carrier: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PLAIN)]
    method: Annotated[str, StringConstraints(max_length=60, pattern=PLAIN)] = ""
    tracking_number: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PLAIN)]
    shipped_at: Instant
    lines: tuple[LineUnits, ...] = Field(default=(), max_length=LINES_MAX)


class OrderMessage(Message):
    order_id: OrderId

    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, "order", self.order_id)


# ---- commands ---------------------------------------------------------------------------------------------------


class OrderCommand(OrderMessage):
    topic: ClassVar[Topic] = COMMANDS


class PlaceOrder(OrderCommand):
    """A buyer has checked out (O1). The same id with the same content is a repetition, with other content it is refused."""

    marketplace_id: MarketplaceId
    channel: Channel = Channel.SELLER
    buyer: Buyer
    delivery_address: Address
    lines: tuple[Line, ...] = Field(min_length=1, max_length=LINES_MAX)
    placed_at: Instant | None = Field(default=None, description="the order time; without it, when Wharf first decides it")


class CancelOrder(OrderCommand):
    """Cancel what has not shipped, whole or some units (O3, O15, O16)."""

    by: CanceledBy
    reason: CancelReason
    memo: Note = Field(default="", description="private to the seller")
    items: tuple[ItemUnits, ...] = Field(default=(), max_length=LINES_MAX, description="empty: the whole order")


class ConfirmShipment(OrderCommand):
    """Packages have left the seller (O7)."""

    packages: tuple[Package, ...] = Field(min_length=1, max_length=PACKAGES_MAX)


# ---- facts ------------------------------------------------------------------------------------------------------


class OrderFact(OrderMessage):
    topic: ClassVar[Topic] = FACTS


class OrderPlaced(OrderFact):
    """The order is Pending and asks for its units (O1)."""

    marketplace_id: MarketplaceId
    channel: Code
    buyer: Buyer
    placed_at: Instant
    hold_until: Instant
    lines: tuple[PlacedLine, ...] = Field(min_length=1, max_length=LINES_MAX)


class OrderReserved(OrderFact):
    """Every line is held for the order (O1). It may still wait for its payment and for the end of the buyer's hold."""

    reserved_at: Instant


class OrderReleased(OrderFact):
    """Stock is reserved, payment verified and the hold over: the order is Unshipped (O5). Estimates count from now (O6)."""

    released_at: Instant
    ship_by: date
    deliver_from: date
    deliver_until: date
    confirm_by: Instant


class PickLine(LineUnits):
    location_id: LocationId


class PickRequested(OrderFact):
    """A network order may be picked and shipped to this address."""

    delivery_address: Address
    lines: tuple[PickLine, ...] = Field(min_length=1, max_length=LINES_MAX * 10)


class PickCanceled(OrderFact):
    """These units of a network order are not wanted any more."""

    lines: tuple[LineUnits, ...] = Field(min_length=1, max_length=LINES_MAX)


class PackageShipped(OrderFact):
    """A package was confirmed; its units are on their way (O7). `lines` is always filled in."""

    package: Package


class OrderShipped(OrderFact):
    """Everything that was not canceled has shipped."""

    shipped_at: Instant


class ShippedAfterCancel(OrderFact):
    """The warehouse shipped what was canceled before: physical truth wins, stock is corrected."""

    package: Package


class ItemsCanceled(OrderFact):
    """Some units will not ship; the rest of the order goes on (O16)."""

    lines: tuple[LineUnits, ...] = Field(min_length=1, max_length=LINES_MAX)
    reason: Code
    by: Code


class OrderCanceled(OrderFact):
    """Nothing more of the order will ship (O3, O4, O9, O15). `lines` were still open."""

    lines: tuple[LineUnits, ...] = Field(max_length=LINES_MAX)
    reason: Code
    by: Code
    confirmed: bool = Field(description="the buyer had been sent a confirmation")


class ConfirmByWarned(OrderFact):
    """Seven days are left: confirm as shipped by `confirm_by` to avoid cancellation (O9)."""

    confirm_by: Instant


class OrderCommandRefused(OrderFact):
    """A command changed nothing; `code` is one of REFUSALS."""

    command: Code
    command_id: UUID
    code: Code
    sentence: Note


# ---- deadlines (never travel) -----------------------------------------------------------------------------------


class OrderDeadline(Deadline):
    kind: ClassVar[str] = "order"


class HoldEnded(OrderDeadline):
    """The buyer's 30 minutes are over (O3)."""


class PaymentLimitReached(OrderDeadline):
    """21 days without a final answer about the payment (O4)."""


class ConfirmByNear(OrderDeadline):
    """Seven days before confirm-by (O9)."""


class ConfirmByReached(OrderDeadline):
    """The order was not confirmed in time (O9)."""


class EarlyMessagesExpired(OrderDeadline):
    """Messages came for an order that never did."""


REFUSALS = {
    "order_exists": "An order with this id and other content exists already.",
    "order_canceled": "The order is canceled.",
    "order_shipped": "The order has shipped; what remains is a refund or a return.",
    "order_pending": "The order is Pending: payment is not verified yet.",
    "hold_over": "The 30 minutes in which the buyer may cancel are over; ask the seller.",
    "reason_not_allowed": "This reason is not one that the sender may give.",
    "unknown_line": "The order has no such line, or the line has another SKU.",
    "unknown_asin": "No line of the order has this ASIN.",
    "too_many_units": "More units than the line has open.",
    "package_exists": "A package with this id and other content was confirmed already.",
    "nothing_open": "Every unit of the order has shipped or is canceled.",
    "network_order": "Orders that the network ships are confirmed by its warehouse.",
    "mixed_currencies": "All lines of an order have one currency.",
}
"""Every code of `OrderCommandRefused`, with its sentence."""
