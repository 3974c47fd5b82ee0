"""Orders in the trade's language, and a service without I/O that decides about one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.draft import Draft
from chassis.outcomes import Cause, Received, Via, hash_of
from contracts.envelope import Deadline, Envelope, Message, Subject
from contracts.identity import hashed_id
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
from orders.domain.order import Expected, Order
from orders.domain.policy import Policies
from orders.store import Books

if TYPE_CHECKING:
    from collections.abc import Sequence

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


@dataclass
class Decided:
    """What the processor does with messages about the one order, without tables: decide, count the facts, keep."""

    policies: Policies = field(default_factory=Policies)
    now: datetime = NOON
    facts: list[Message] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.rules = desk(self.policies).rules
        self.books = Books(self.policies, Draft([SUBJECT], {}), Draft([SUBJECT], {}))

    @property
    def order(self) -> Order:
        order = self.root
        assert isinstance(order, Order)
        return order

    @property
    def root(self) -> Order | Expected | None:
        return self.books.orders[SUBJECT]

    @property
    def deadlines(self) -> dict[str, datetime]:
        """Those that stand, by type name."""
        live = self.books.deadlines._live
        return {key.deadline: setting.due_at for key, setting in live.items() if setting is not None}

    def at(self, after: timedelta) -> Decided:
        """So long after the order's noon."""
        self.now = NOON + after
        return self

    def tell(self, *messages: Message) -> Sequence[Message]:
        """Decide messages one after another; returns the facts of the last."""
        told: Sequence[Message] = []
        for message in messages:
            gone = isinstance(message, Deadline) and not self.books.deadlines.fire(message)
            told = [] if gone else self.decide(message)
            self.facts += told
        return told

    def fire(self, name: str) -> Sequence[Message]:
        """The deadline comes, on time, as it was set."""
        setting = next(s for k, s in self.books.deadlines._live.items() if k.deadline == name and s is not None)
        self.now = max(self.now, setting.due_at)
        return self.tell(a_deadline(name, setting.generation, setting.due_at))

    def fire_due(self) -> None:
        """All deadlines that have come by now, earliest first; those that they set for now too."""
        for _ in range(10):
            due = sorted((due_at, name) for name, due_at in self.deadlines.items() if due_at <= self.now)
            if not due:
                return
            self.fire(due[0][1])
        raise AssertionError("deadlines fire without end")

    def decide(self, message: Message) -> Sequence[Message]:
        """The rule's answer, even to a deadline that does not stand."""
        self.count += 1
        cause = Cause(hashed_id("test", str(self.count)), self.now, UUID(int=1))
        told = self.rules[type(message)].decide(self.books, message, cause)
        for fact in told:
            self.books.number(fact)
        self.books.keep()
        return told


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


def names(facts: Sequence[Message]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


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


def received(message: Message, name: str, now: datetime, via: Via = Via.KAFKA) -> Received:
    """A message as the service takes it in; `name` makes its id."""
    kind, body = type(message).__name__, message.model_dump_json().encode()
    message_id = hashed_id("test", name)
    envelope = Envelope(
        source="test", id=message_id, type=kind, time=now, seller_id=message.seller_id, correlation_id=UUID(int=1)
    )
    return Received(envelope, message, via, hash_of(kind, body), now)
