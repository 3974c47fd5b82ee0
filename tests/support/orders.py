"""Orders in the trade's language, and a service without I/O that decides about one of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.draft import Draft
from chassis.early import Expected
from contracts.envelope import Deadline, Subject
from contracts.inventory import HeldLine, MissingUnits, ReservationWithdrawn, StockRefused, StockReleased, StockReserved
from contracts.orders import (
    CanceledBy,
    CancelOrder,
    CancelReason,
    ConfirmByNear,
    ConfirmByReached,
    ConfirmShipment,
    EarlyMessagesExpired,
    HoldEnded,
    ItemUnits,
    Line,
    Package,
    PaymentLimitReached,
    PlaceOrder,
)
from contracts.payments import PaymentDeclined, PaymentDelayed, PaymentVerified
from contracts.values import Address, Buyer, Channel, LineUnits, Money
from contracts.warehouse import OrderParcelShipped, OrderPickShort
from orders.decisions import desk
from orders.domain.order import Order
from orders.domain.policy import Policies
from orders.store import Books

from support.alone import Alone

SELLER, ORDER = "shop", "o-1"
SUBJECT = Subject(SELLER, "order", ORDER)
NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
"""A Wednesday; nothing is closed this week."""
HERE = {"seller_id": SELLER, "order_id": ORDER}
HOUR = timedelta(hours=1)
NO_ID = UUID(int=0)
DEADLINES: dict[str, type[Deadline]] = {
    kind.__name__: kind for kind in (HoldEnded, PaymentLimitReached, ConfirmByNear, ConfirmByReached, EarlyMessagesExpired)
}
ADDRESS = Address(name="A Buyer", line1="1 High Street", city="Leeds", postal_code="LS1 1AA", country="GB")


def a_line(sku: str = "mug", quantity: int = 3, price: int = 250, currency: str = "GBP", asin: str | None = None) -> Line:
    return Line(sku=sku, quantity=quantity, unit_price=Money(amount=price, currency=currency), asin=asin, title=f"a {sku}")


def an_order(*lines: Line, channel: Channel = Channel.SELLER, **given: Any) -> PlaceOrder:
    """Three mugs and two plates, unless told otherwise."""
    parts: dict[str, Any] = {
        **HERE,
        "marketplace_id": "GB",
        "channel": channel,
        "buyer": Buyer(buyer_id="b-1", mail="buyer@example.com"),
        "delivery_address": ADDRESS,
        "lines": lines or (a_line(), a_line("plate", 2, 400)),
    }
    return PlaceOrder(**parts | given)


def units(line: int, quantity: int, sku: str | None = None) -> LineUnits:
    return LineUnits(line=line, sku=sku or {1: "mug", 2: "plate"}.get(line, "none"), quantity=quantity)


def held(line: int, quantity: int, location: str = "network:GB:LTN1") -> HeldLine:
    return HeldLine(line=line, sku={1: "mug", 2: "plate"}[line], location_id=location, quantity=quantity)


def verified() -> PaymentVerified:
    return PaymentVerified(**HERE)


def delayed() -> PaymentDelayed:
    return PaymentDelayed(**HERE)


def declined(*, fraud: bool = False) -> PaymentDeclined:
    return PaymentDeclined(**HERE, fraud=fraud)


def reserved(*lines: HeldLine) -> StockReserved:
    return StockReserved(**HERE, lines=lines or (held(1, 3), held(2, 2)))


def refused() -> StockRefused:
    return StockRefused(**HERE, missing=(MissingUnits(sku="mug", quantity=1),))


def stock_released(*lines: HeldLine) -> StockReleased:
    return StockReleased(**HERE, lines=lines, restocked=True)


def withdrawn(*lines: HeldLine) -> ReservationWithdrawn:
    return ReservationWithdrawn(**HERE, lines=lines)


def canceled(by: CanceledBy, reason: CancelReason = CancelReason.BUYER_CANCELED, *items: ItemUnits) -> CancelOrder:
    return CancelOrder(**HERE, by=by, reason=reason, items=items, memo="a memo")


def a_package(package_id: str = "1", *lines: LineUnits, tracking: str = "T1") -> Package:
    return Package(package_id=package_id, carrier="Post", tracking_number=tracking, shipped_at=NOON, lines=lines)


def confirmed(*packages: Package) -> ConfirmShipment:
    return ConfirmShipment(**HERE, packages=packages or (a_package(),))


def parcel(package: Package | None = None) -> OrderParcelShipped:
    return OrderParcelShipped(**HERE, package=package or a_package())


def short(*lines: LineUnits) -> OrderPickShort:
    return OrderPickShort(**HERE, lines=lines)


class Decided(Alone[Books]):
    """What orders does with messages about the one order."""

    def __init__(self, policies: Policies | None = None) -> None:
        terms = policies or Policies()
        super().__init__(desk(terms), Books(terms, Draft([SUBJECT], {}), Draft([SUBJECT], {})), NOON)

    @property
    def order(self) -> Order:
        order = self.root
        assert isinstance(order, Order)
        return order

    @property
    def root(self) -> Order | Expected | None:
        return self.books.orders[SUBJECT]


def a_deadline(name: str, generation: UUID = NO_ID, due_at: datetime = NOON) -> Deadline:
    return DEADLINES[name](seller_id=SELLER, object_id=ORDER, generation=generation, due_at=due_at)


def status_of(root: Order | Expected | None) -> str:
    match root:
        case Order(status=status):
            return status.value
        case Expected():
            return "Expected"
        case None:
            return "absent"


def pending(order: PlaceOrder | None = None, policies: Policies | None = None) -> Decided:
    decided = Decided(policies or Policies())
    decided.tell(order or an_order())
    return decided


def unshipped(order: PlaceOrder | None = None, policies: Policies | None = None) -> Decided:
    """Reserved, verified, and released when the hold ended."""
    decided = pending(order, policies)
    decided.tell(reserved(), verified())
    decided.fire("HoldEnded")
    return decided
