"""An order from checkout to its end. Ending it early is in `cancellation`, sending it off in `shipment`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from orders.domain.policy import Policy, Release


class Status(StrEnum):
    """As people see them; `Expected` is not shown: only early messages speak of such an order."""

    EXPECTED = "Expected"
    PENDING = "Pending"
    UNSHIPPED = "Unshipped"
    PARTIALLY_SHIPPED = "PartiallyShipped"
    SHIPPED = "Shipped"
    CANCELED = "Canceled"


class Payment(StrEnum):
    UNKNOWN = "unknown"
    DELAYED = "delayed"
    VERIFIED = "verified"
    DECLINED = "declined"
    FRAUD = "fraud"


class Stock(StrEnum):
    UNKNOWN = "unknown"
    RESERVED = "reserved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Units:
    """Some units of one line."""

    line: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Held:
    """Units that inventory holds for a line at one location."""

    line: int
    sku: str
    location_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Line:
    """ordered = open + shipped + canceled. The price is for one unit, in minor units of the order's currency."""

    number: int
    sku: str
    ordered: int
    unit_price: int
    asin: str | None = None
    title: str = ""
    shipped: int = 0
    canceled: int = 0

    @property
    def open(self) -> int:
        return self.ordered - self.shipped - self.canceled


@dataclass(frozen=True, slots=True)
class Package:
    """A parcel that has left. `lines` had been open. `uncalled` units were not: they had been canceled before, or were never
    ordered. `given` are the lines as the sender told them, which tells a repetition from another parcel.
    """

    package_id: str
    carrier: str
    method: str
    tracking_number: str
    shipped_at: datetime
    given: tuple[Units, ...] = ()
    lines: tuple[Units, ...] = ()
    uncalled: tuple[Units, ...] = ()

    def same_as(self, other: "Package") -> bool:
        return replace(self, lines=(), uncalled=()) == replace(other, lines=(), uncalled=())


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why some units will not ship, who said so, and a memo that only the seller sees (O15)."""

    reason: str
    by: str
    at: datetime
    memo: str = ""
    units: tuple[Units, ...] = ()


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was agreed at checkout; never changes. `content` is the hash of the command that placed the order."""

    seller_id: str
    order_id: str
    marketplace_id: str
    from_network: bool
    buyer_id: str
    currency: str
    placed_at: datetime
    policy: Policy
    content: bytes

    @property
    def hold_until(self) -> datetime:
        """Until then the buyer may cancel, and nothing is released (O3)."""
        return self.placed_at + timedelta(minutes=self.policy.hold_minutes)

    @property
    def payment_until(self) -> datetime:
        return self.placed_at + self.policy.payment_limit


class Order(NamedTuple):
    """`sequence` counts the facts told about it. `late_payment` is an answer that came when it did not matter any more.

    A named tuple, since every message about an order makes two or three: a frozen dataclass takes four times as long to change.
    """

    purchase: Purchase
    lines: tuple[Line, ...]
    changed_at: datetime
    sequence: int = 0
    status: Status = Status.PENDING
    payment: Payment = Payment.UNKNOWN
    late_payment: Payment | None = None
    stock: Stock = Stock.UNKNOWN
    held: tuple[Held, ...] = ()
    release: Release | None = None
    packages: tuple[Package, ...] = ()
    cancellations: tuple[Cancellation, ...] = ()

    def counted(self) -> "Order":
        """With one more fact told about it."""
        return self._replace(sequence=self.sequence + 1)

    @property
    def open_units(self) -> tuple[Units, ...]:
        return tuple(Units(line.number, line.sku, line.open) for line in self.lines if line.open)

    @property
    def is_open(self) -> bool:
        """Released, and something is still to be shipped."""
        return self.status in {Status.UNSHIPPED, Status.PARTIALLY_SHIPPED}

    @property
    def has_ended(self) -> bool:
        return self.status in {Status.SHIPPED, Status.CANCELED}


def is_ready(order: Order, now: datetime) -> bool:
    """Stock is reserved, payment verified and the hold over: nothing stands against the release (O3, O4)."""
    answered = order.stock is Stock.RESERVED and order.payment is Payment.VERIFIED
    return order.status is Status.PENDING and answered and now >= order.purchase.hold_until


def settled(order: Order, lines: tuple[Line, ...]) -> Order:
    """The order with these lines: ended when none of them is open any more."""
    if any(line.open for line in lines):
        shipped = any(line.shipped for line in lines)
        return order._replace(lines=lines, status=Status.PARTIALLY_SHIPPED if shipped else order.status)
    shipped = any(line.shipped for line in lines)
    return order._replace(lines=lines, status=Status.SHIPPED if shipped else Status.CANCELED)


def open_of(order: Order, wanted: Mapping[int, int]) -> dict[int, int]:
    """Of the wanted units by line number, those that are open."""
    found = {line.number: min(line.open, wanted[line.number]) for line in order.lines if line.number in wanted}
    return {number: quantity for number, quantity in found.items() if quantity}


def units_of(order: Order, quantities: Mapping[int, int]) -> tuple[Units, ...]:
    """The same units in line order, with their SKUs."""
    return tuple(Units(line.number, line.sku, quantities[line.number]) for line in order.lines if quantities.get(line.number))


def has_line(order: Order, units: Units) -> bool:
    return 1 <= units.line <= len(order.lines) and order.lines[units.line - 1].sku == units.sku


def to_pick(order: Order) -> tuple[Held, ...]:
    """What is open, at the locations that hold it, in the order in which inventory named them."""
    left = {line.number: line.open for line in order.lines}
    picks = []
    for held in order.held:
        quantity = min(held.quantity, left.get(held.line, 0))
        left[held.line] = left.get(held.line, 0) - quantity
        picks.append(replace(held, quantity=quantity))
    return tuple(pick for pick in picks if pick.quantity)
