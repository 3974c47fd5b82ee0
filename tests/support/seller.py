"""What is said and asked in the name of one seller: messages in the trade's language, for tests over both services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.inventory import SetListing
from contracts.orders import (
    CanceledBy,
    CancelOrder,
    CancelReason,
    ConfirmShipment,
    ItemUnits,
    Line,
    Package,
    PlaceOrder,
)
from contracts.payments import PaymentDeclined, PaymentDelayed, PaymentVerified
from contracts.values import Address, Buyer, Channel, LineUnits, Money
from contracts.warehouse import Adjustment, OrderParcelShipped, UnitsAdjusted, UnitsReceived

CENTER, SECOND_CENTER, HOME = "network:GB:LTN1", "network:GB:MAN1", "seller:GB:home"
PLACE_OF = {Channel.NETWORK: CENTER, Channel.SELLER: HOME}
WEDNESDAY = datetime(2010, 12, 1, 9, tzinfo=UTC)
ADDRESS = Address(name="A Buyer", line1="1 High Street", city="Leeds", postal_code="LS1 1AA", country="GB")
BUYER = Buyer(buyer_id="b-1", mail="buyer@example.com")


@dataclass(frozen=True, slots=True)
class Seller:
    """Orders by default have three mugs, and the network ships them."""

    id: str

    def receipt(self, quantity: int, sku: str = "mug", at: str = CENTER) -> UnitsReceived:
        return UnitsReceived(seller_id=self.id, sku=sku, location_id=at, quantity=quantity)

    def loss(self, quantity: int, sku: str = "mug", at: str = CENTER) -> UnitsAdjusted:
        return UnitsAdjusted(seller_id=self.id, sku=sku, location_id=at, quantity=quantity, adjustment=Adjustment.LOST)

    def offer(self, sku: str = "mug", channel: Channel = Channel.NETWORK) -> SetListing:
        return SetListing(seller_id=self.id, sku=sku, marketplace_id="GB", channel=channel)

    def order(self, order_id: str, *lines: Line, channel: Channel = Channel.NETWORK) -> PlaceOrder:
        return PlaceOrder(
            seller_id=self.id,
            order_id=order_id,
            marketplace_id="GB",
            channel=channel,
            buyer=BUYER,
            delivery_address=ADDRESS,
            lines=lines or (a_line(),),
        )

    def verified(self, order_id: str) -> PaymentVerified:
        return PaymentVerified(seller_id=self.id, order_id=order_id)

    def delayed(self, order_id: str) -> PaymentDelayed:
        return PaymentDelayed(seller_id=self.id, order_id=order_id)

    def declined(self, order_id: str) -> PaymentDeclined:
        return PaymentDeclined(seller_id=self.id, order_id=order_id)

    def cancel(self, order_id: str, *items: ItemUnits, reason: CancelReason = CancelReason.GENERAL_ADJUSTMENT) -> CancelOrder:
        """The seller cancels."""
        return CancelOrder(seller_id=self.id, order_id=order_id, by=CanceledBy.SELLER, reason=reason, items=items)

    def buyer_cancel(self, order_id: str) -> CancelOrder:
        return CancelOrder(
            seller_id=self.id, order_id=order_id, by=CanceledBy.BUYER, reason=CancelReason.BUYER_CANCELED, memo=""
        )

    def confirm(self, order_id: str, *packages: Package) -> ConfirmShipment:
        return ConfirmShipment(seller_id=self.id, order_id=order_id, packages=packages or (a_package(),))

    def parcel(self, order_id: str, package: Package | None = None) -> OrderParcelShipped:
        """The warehouse ships, whatever was said before."""
        return OrderParcelShipped(seller_id=self.id, order_id=order_id, package=package or a_package())


def a_line(sku: str = "mug", quantity: int = 3, asin: str | None = None) -> Line:
    return Line(sku=sku, quantity=quantity, unit_price=Money(amount=250, currency="GBP"), asin=asin, title=f"a {sku}")


def units(line: int, quantity: int, sku: str = "mug") -> LineUnits:
    return LineUnits(line=line, sku=sku, quantity=quantity)


def a_package(package_id: str = "1", *lines: LineUnits) -> Package:
    """Without lines it holds all that is open."""
    return Package(
        package_id=package_id, carrier="Royal Mail", tracking_number=f"T{package_id}", shipped_at=WEDNESDAY, lines=lines
    )


def checkout(*lines: Line, channel: Channel = Channel.NETWORK) -> dict[str, Any]:
    """The body with which a storefront places an order over HTTP."""
    return {
        "marketplace_id": "GB",
        "channel": channel.value,
        "buyer": BUYER.model_dump(mode="json", exclude_none=True),
        "delivery_address": ADDRESS.model_dump(mode="json", exclude_none=True),
        "lines": [line.model_dump(mode="json", exclude_none=True) for line in lines or (a_line(),)],
    }
