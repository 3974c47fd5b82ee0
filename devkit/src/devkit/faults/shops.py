"""The shops of a cell: what is on their shelves, and what is said about their orders and removals, drawn by seed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from contracts.notifications import SetSellerContact
from contracts.orders import CanceledBy, CancelOrder, CancelReason, Line, Package, PlaceOrder
from contracts.payments import PaymentDeclined, PaymentVerified
from contracts.removals import DraftRemoval, Method, Recipient, RemovalItem, RemovalParcel, RequestRemoval, ShipTo
from contracts.values import Address, Buyer, Channel, LineUnits, Money
from contracts.warehouse import OrderParcelShipped, RemovalParcelShipped, UnitsReceived

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

CENTER = "network:GB:LTN1"
SKUS = 40
SCARCE, SCARCE_UNITS, SCARCE_SHARE = "scarce", 150, 0.02
"""An item that sells out on the way."""
STOCK_UNITS = 1_000_000
LINES_MAX = 3
UNITS_MAX = 3
MAIL_SHARE = 0.3
"""Of buyers who give an address; mails to the others wait for one."""
DECLINED_SHARE = 0.05
_ADDRESS = Address(
    name="Ada Moreau", line1="12 Harbour Street", city="Leeds", postal_code="LS1 4AB", country="GB", phone="+44 113 496 0123"
)
_BUYERS = (Buyer(buyer_id="b-1", mail="buyer@example.com"), Buyer(buyer_id="b-2"))
_PRICE = Money(amount=1250, currency="GBP")
_WEIGHTS = tuple(accumulate(1 / (place + 1) for place in range(SKUS)))
"""Zipf: the first item is in a fifth of all lines."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One seller. What it draws, it draws from `dice`."""

    seller_id: str
    dice: Random

    def opening(self) -> Iterator[UnitsReceived]:
        """What is on the shelf when the doors open."""
        for number in range(SKUS):
            yield self.receipt(f"sku-{number}", STOCK_UNITS)
        yield self.receipt(SCARCE, SCARCE_UNITS)

    def receipt(self, sku: str, quantity: int) -> UnitsReceived:
        return UnitsReceived(seller_id=self.seller_id, sku=sku, location_id=CENTER, quantity=quantity)

    def small_receipt(self) -> UnitsReceived:
        return self.receipt(self._sku(), self.dice.randint(1, 50))

    def order(self, order_id: str, *skus: str) -> PlaceOrder:
        """Of these items one unit each, else of some that are drawn."""
        wanted = [(sku, 1) for sku in skus] or self._wanted()
        return PlaceOrder(
            seller_id=self.seller_id,
            order_id=order_id,
            marketplace_id="GB",
            channel=Channel.NETWORK,
            buyer=_BUYERS[self.dice.random() >= MAIL_SHARE],
            delivery_address=_ADDRESS,
            lines=tuple(Line(sku=sku, quantity=quantity, unit_price=_PRICE, title="A mug") for sku, quantity in wanted),
        )

    def payment(self, order_id: str) -> PaymentVerified | PaymentDeclined:
        kind = PaymentDeclined if self.dice.random() < DECLINED_SHARE else PaymentVerified
        return kind(seller_id=self.seller_id, order_id=order_id)

    def cancel(self, order_id: str) -> CancelOrder:
        """The buyer does."""
        return CancelOrder(seller_id=self.seller_id, order_id=order_id, by=CanceledBy.BUYER, reason=CancelReason.BUYER_CANCELED)

    def parcel(self, order_id: str, at: datetime) -> OrderParcelShipped:
        """All that is open."""
        package = Package(package_id="p-1", carrier="Royal Mail", tracking_number="T1", shipped_at=at)
        return OrderParcelShipped(seller_id=self.seller_id, order_id=order_id, package=package)

    def removal(self, removal_id: str) -> RequestRemoval:
        return RequestRemoval(seller_id=self.seller_id, removal_id=removal_id, **self._removed())

    def draft(self, removal_id: str) -> DraftRemoval:
        return DraftRemoval(seller_id=self.seller_id, removal_id=removal_id, replaces=False, **self._removed())

    def removal_parcel(self, removal_id: str, lines: tuple[LineUnits, ...], at: datetime) -> RemovalParcelShipped:
        parcel = RemovalParcel(package_id="p-1", carrier="Royal Mail", tracking_number="T1", shipped_at=at, lines=lines)
        return RemovalParcelShipped(seller_id=self.seller_id, removal_id=removal_id, parcel=parcel)

    def contact(self) -> SetSellerContact:
        return SetSellerContact(seller_id=self.seller_id, mail=f"{self.seller_id}@shops.example")

    def _wanted(self) -> list[tuple[str, int]]:
        if self.dice.random() < SCARCE_SHARE:
            return [(SCARCE, self.dice.randint(1, UNITS_MAX))]
        skus = dict.fromkeys(self._sku() for _ in range(self.dice.randint(1, LINES_MAX)))
        return [(sku, self.dice.randint(1, UNITS_MAX)) for sku in skus]

    def _removed(self) -> dict[str, Any]:
        item = RemovalItem(sku=self._sku(), fulfillable=self.dice.randint(1, 20))
        return {
            "marketplace_id": "GB",
            "method": Method.SHIP_TO,
            "ship_to": ShipTo(recipient=Recipient.OWN, address=_ADDRESS),
            "items": (item,),
        }

    def _sku(self) -> str:
        return f"sku-{self.dice.choices(range(SKUS), cum_weights=_WEIGHTS)[0]}"
