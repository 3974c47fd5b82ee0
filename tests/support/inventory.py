"""Stock in the trade's language, and a service without I/O that decides about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.draft import Draft
from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.identity import hashed_id
from contracts.inventory import Disposition, SetListing, SetProduct
from contracts.orders import (
    CanceledBy,
    CancelReason,
    ItemsCanceled,
    OrderCanceled,
    OrderPlaced,
    Package,
    PackageShipped,
    PlacedLine,
    ShippedAfterCancel,
)
from contracts.values import Buyer, Channel, LineUnits, Money
from contracts.warehouse import Adjustment, CustomerReturned, UnitsAdjusted, UnitsReceived
from inventory.decisions import DESK
from inventory.domain.stock import Account, Bucket, Item, Outside
from inventory.store import Books

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.domain.reservation import Reservation

SELLER = "shop"
NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
LEEDS, YORK, PARIS, HOME = "network:GB:LBA1", "network:GB:YRK1", "network:FR:CDG1", "seller:GB:home"
SKUS = ("mug", "plate", "bowl")
ORDERS = tuple(f"o-{number}" for number in range(1, 10))
REMOVALS = tuple(f"r-{number}" for number in range(1, 6))
NEW_FNSKUS = tuple(f"X00000000{number}" for number in range(10))


def units(line: int, quantity: int, sku: str = "mug") -> LineUnits:
    return LineUnits(line=line, sku=sku, quantity=quantity)


def placed(order_id: str, *lines: LineUnits, channel: Channel = Channel.NETWORK, country: str = "GB") -> OrderPlaced:
    """Three mugs, unless told otherwise."""
    price = Money(amount=250, currency="GBP")
    return OrderPlaced(
        seller_id=SELLER,
        order_id=order_id,
        marketplace_id=country,
        channel=channel.value,
        buyer=Buyer(buyer_id="b-1"),
        placed_at=NOON,
        hold_until=NOON + timedelta(minutes=30),
        lines=tuple(
            PlacedLine(line=each.line, sku=each.sku, quantity=each.quantity, unit_price=price)
            for each in lines or (units(1, 3),)
        ),
    )


def canceled(order_id: str, reason: CancelReason | str = CancelReason.BUYER_CANCELED) -> OrderCanceled:
    return OrderCanceled(
        seller_id=SELLER, order_id=order_id, lines=(), reason=str(reason), by=CanceledBy.BUYER, confirmed=False
    )


def items_canceled(order_id: str, *lines: LineUnits, reason: CancelReason | str = CancelReason.BUYER_CANCELED) -> ItemsCanceled:
    return ItemsCanceled(seller_id=SELLER, order_id=order_id, lines=lines, reason=str(reason), by=CanceledBy.SELLER)


def _package(lines: tuple[LineUnits, ...]) -> Package:
    return Package(package_id="1", carrier="Post", tracking_number="T1", shipped_at=NOON, lines=lines)


def shipped(order_id: str, *lines: LineUnits) -> PackageShipped:
    return PackageShipped(seller_id=SELLER, order_id=order_id, package=_package(lines))


def shipped_after_cancel(order_id: str, *lines: LineUnits) -> ShippedAfterCancel:
    return ShippedAfterCancel(seller_id=SELLER, order_id=order_id, package=_package(lines))


def received(
    quantity: int, sku: str = "mug", *, at: str = LEEDS, disposition: Disposition = Disposition.SELLABLE
) -> UnitsReceived:
    return UnitsReceived(seller_id=SELLER, sku=sku, location_id=at, quantity=quantity, disposition=disposition)


def adjusted(
    adjustment: Adjustment,
    quantity: int,
    sku: str = "mug",
    *,
    at: str = LEEDS,
    disposition: Disposition = Disposition.SELLABLE,
) -> UnitsAdjusted:
    return UnitsAdjusted(
        seller_id=SELLER, sku=sku, location_id=at, quantity=quantity, adjustment=adjustment, disposition=disposition
    )


def lost(quantity: int, sku: str = "mug", *, at: str = LEEDS) -> UnitsAdjusted:
    return adjusted(Adjustment.LOST, quantity, sku, at=at)


def found(quantity: int, sku: str = "mug", *, at: str = LEEDS) -> UnitsAdjusted:
    return adjusted(Adjustment.FOUND, quantity, sku, at=at)


def damaged(quantity: int, sku: str = "mug", *, at: str = LEEDS) -> UnitsAdjusted:
    return adjusted(Adjustment.DAMAGED, quantity, sku, at=at, disposition=Disposition.CARRIER_DAMAGED)


def sent_back(quantity: int, disposition: Disposition, sku: str = "mug", *, order_id: str = "o-1") -> CustomerReturned:
    return CustomerReturned(
        seller_id=SELLER, sku=sku, location_id=LEEDS, quantity=quantity, order_id=order_id, disposition=disposition
    )


def described(sku: str = "mug", fnsku: str = NEW_FNSKUS[0]) -> SetProduct:
    return SetProduct(seller_id=SELLER, sku=sku, asin="B000000001", fnsku=fnsku, title=f"a {sku}")


def offered(sku: str = "mug", *, channel: Channel = Channel.NETWORK, country: str = "GB", offered: bool = True) -> SetListing:
    return SetListing(seller_id=SELLER, sku=sku, marketplace_id=country, channel=channel, offered=offered)


@dataclass
class Warehouse:
    """What the processor does with messages about a few items and holders, without tables: decide, count the facts, keep."""

    now: datetime = NOON
    step_minutes: int = 1
    facts: list[Message] = field(default_factory=list)
    count: int = 0
    skus: Sequence[str] = SKUS

    def __post_init__(self) -> None:
        items = [(SELLER, sku) for sku in self.skus]
        holders = [Subject(SELLER, "order", order_id) for order_id in ORDERS]
        holders += [Subject(SELLER, "removal", removal_id) for removal_id in REMOVALS]
        labels = [(SELLER, fnsku) for fnsku in NEW_FNSKUS]
        self.books = Books(Draft(items, {}), Draft(holders, {}), Draft(items, {}), Draft(labels, {}), holders)

    def tell(self, *messages: Message) -> Sequence[Message]:
        """Decide messages one after another, each a step later; returns the facts of the last."""
        told: Sequence[Message] = []
        for message in messages:
            told = self._decide(message)
            self.facts += told
        return told

    def _decide(self, message: Message) -> Sequence[Message]:
        self.count += 1
        self.now += timedelta(minutes=self.step_minutes)
        cause = Cause(hashed_id("test", str(self.count)), self.now, UUID(int=1), self.now)
        told = DESK.rules[type(message)].decide(self.books, message, cause)
        for fact in told:
            self.books.number(fact)
        self.books.keep()
        return told

    def known(self, sku: str = "mug") -> bool:
        return self.books.items[SELLER, sku] is not None

    def item(self, sku: str = "mug") -> Item:
        return self.books.item(SELLER, sku)

    def reservation(self, order_id: str) -> Reservation | None:
        return self.books.reservations[Subject(SELLER, "order", order_id)]

    def hold(self, removal_id: str) -> Reservation | None:
        return self.books.reservations[Subject(SELLER, "removal", removal_id)]

    def units(self, bucket: Bucket, sku: str = "mug", *, at: str | None = None) -> int:
        """Units in a bucket, at one location or at all."""
        places = self.item(sku).balances.items()
        return sum(n for (location, of), n in places if of is bucket and at in {None, location})

    def available(self, sku: str = "mug") -> int:
        return self.units(Bucket.AVAILABLE, sku)

    def reserved(self, sku: str = "mug") -> int:
        return self.units(Bucket.RESERVED, sku)

    def held(self, sku: str = "mug") -> int:
        return self.units(Bucket.HELD, sku)

    def gone(self, account: Outside, sku: str = "mug") -> int:
        """Units that went to an account outside, less those that came from it, by the ledger."""
        return self.ledger(sku)[None, account]

    def ledger(self, sku: str = "mug") -> Counter[tuple[str | None, Account]]:
        """The sum of all movements: by location and bucket, and for accounts outside, which have no location."""
        sums: Counter[tuple[str | None, Account]] = Counter()
        for entry in self.books.movements.added:
            if entry.sku == sku:
                sums[entry.location_id if isinstance(entry.source, Bucket) else None, entry.source] -= entry.quantity
                sums[entry.location_id if isinstance(entry.target, Bucket) else None, entry.target] += entry.quantity
        return sums


def names(facts: Sequence[Message]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def of_kind(facts: Sequence[Message], kind: type[Message]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]
