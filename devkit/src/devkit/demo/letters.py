"""The messages of the demo, worded: what is written into them is made from the file and from hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.auth import Role
from contracts.inventory import Disposition, SetListing, SetProduct
from contracts.notifications import SetSellerContact
from contracts.orders import CanceledBy, CancelOrder, CancelReason, ConfirmShipment, ItemUnits, Line, Package, PlaceOrder
from contracts.payments import PaymentDeclined, PaymentDelayed, PaymentVerified
from contracts.values import Address, Buyer, Channel, Money
from contracts.warehouse import (
    Adjustment,
    CustomerReturned,
    OrderParcelShipped,
    OrderPickShort,
    UnitsAdjusted,
    UnitsReceived,
)
from devkit.demo import draws, fates
from devkit.demo.countries import code_of
from devkit.demo.fates import Answer
from devkit.demo.invoices import Miscount
from devkit.demo.messages import Call, Post
from devkit.demo.supply import place_of, return_place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from contracts.envelope import Message
    from contracts.values import LineUnits
    from devkit.demo.invoices import Correction, Credit, Invoice
    from devkit.demo.supply import Receipt

SELLER = "gift-house"
MARKETPLACE = "GB"
CURRENCY = "GBP"
SELLER_MAIL = "orders@gift-house.example.com"
CARRIERS = ("Royal Mail", "Parcelforce", "DPD")
STOCK_PATH = f"/sellers/{SELLER}/stock"
ORDERS_PATH = f"/sellers/{SELLER}/orders"


# ---- orders ---------------------------------------------------------------------------------------------------------


def order_id(invoice: Invoice) -> str:
    """In the manner of 206-0536365-4711234."""
    digits = f"{draws.number(invoice.number, 'order id'):020d}"
    serial = "".join(c for c in invoice.number if c.isdigit())[-7:].zfill(7)
    return f"{digits[:3]}-{serial}-{digits[3:10]}"


def order_post(invoice: Invoice) -> Post:
    message = PlaceOrder(
        seller_id=SELLER,
        order_id=order_id(invoice),
        marketplace_id=MARKETPLACE,
        channel=invoice.channel,
        buyer=_buyer(invoice),
        delivery_address=_address(invoice),
        lines=_lines(invoice),
        placed_at=invoice.placed_at,
    )
    return _of_order(invoice, invoice.placed_at, "order", "storefront", message)


def order_call(invoice: Invoice) -> Call:
    """The same by HTTP; Wharf gives the order its id."""
    body = {
        "marketplace_id": MARKETPLACE,
        "channel": invoice.channel.value,
        "buyer": _buyer(invoice).model_dump(mode="json", exclude_none=True),
        "delivery_address": _address(invoice).model_dump(mode="json", exclude_none=True),
        "lines": [line.model_dump(mode="json", exclude_none=True) for line in _lines(invoice)],
        "placed_at": invoice.placed_at.isoformat(),
    }
    return Call(f"order-{invoice.number}", Role.STOREFRONT, ORDERS_PATH, body, order_of=invoice.number)


def payment(invoice: Invoice, order: str, at: datetime, answer: Answer) -> Post:
    message: Message
    match answer:
        case Answer.VERIFIED:
            message = PaymentVerified(seller_id=SELLER, order_id=order)
        case Answer.DELAYED:
            message = PaymentDelayed(seller_id=SELLER, order_id=order)
        case Answer.DECLINED | Answer.FRAUD:
            message = PaymentDeclined(seller_id=SELLER, order_id=order, fraud=answer is Answer.FRAUD)
    return _of_order(invoice, at, f"payment-{answer}", "payments", message)


def buyer_cancel(invoice: Invoice, order: str, credit: Credit, lines: Sequence[LineUnits]) -> Call:
    """Inside the hold, by HTTP through the storefront; without lines the whole order."""
    items = [_item(line).model_dump(exclude_none=True) for line in lines]
    body = {"reason": CancelReason.BUYER_CANCELED.value, "items": items}
    return Call(f"cancel-{credit.number}-{invoice.number}", Role.STOREFRONT, f"{ORDERS_PATH}/{order}/cancellation", body)


def seller_cancel(invoice: Invoice, order: str, credit: Credit, reason: CancelReason, lines: Sequence[LineUnits]) -> Post:
    message = CancelOrder(
        seller_id=SELLER,
        order_id=order,
        by=CanceledBy.SELLER,
        reason=reason,
        memo=f"cancellation invoice {credit.number}",
        items=tuple(_item(line) for line in lines),
    )
    return _of_order(invoice, credit.at, f"cancel-{credit.number}", "storefront", message)


def confirmation(invoice: Invoice, order: str, package: Package, at: datetime) -> Post | Call:
    """A seller's parcel."""
    if fates.confirmed_by_http(invoice):
        body = {"packages": [package.model_dump(mode="json", exclude_defaults=True)]}
        key = f"ship-{invoice.number}-{package.package_id}-{at:%m%dT%H%M%S}"
        return Call(key, Role.SELLER, f"{ORDERS_PATH}/{order}/shipments", body)
    message = ConfirmShipment(seller_id=SELLER, order_id=order, packages=(package,))
    return _of_order(invoice, at, f"ship-{package.package_id}-{at:%m%dT%H%M%S}", "storefront", message)


def parcel(invoice: Invoice, order: str, package: Package, at: datetime) -> Post:
    """A parcel of the network."""
    message = OrderParcelShipped(seller_id=SELLER, order_id=order, package=package)
    return _of_order(invoice, at, f"parcel-{package.package_id}", "warehouse", message)


def short_pick(invoice: Invoice, order: str, line: LineUnits, at: datetime) -> Post:
    message = OrderPickShort(seller_id=SELLER, order_id=order, lines=(line,))
    return _of_order(invoice, at, "short-pick", "warehouse", message)


def package(invoice: Invoice, number: int, at: datetime, lines: Sequence[LineUnits]) -> Package:
    """Without lines: everything that has not shipped yet."""
    digits = f"{draws.number(invoice.number, 'tracking', str(number)):020d}"
    return Package(
        package_id=f"P{number}",
        carrier=draws.among(CARRIERS, invoice.number, "carrier"),
        tracking_number=f"GB{digits[:12]}",
        shipped_at=at,
        lines=tuple(lines),
    )


def _of_order(invoice: Invoice, at: datetime, what: str, sender: str, message: Message) -> Post:
    return Post(at, f"{invoice.number}/{what}", invoice.number, sender, message)


def _item(line: LineUnits) -> ItemUnits:
    return ItemUnits(line=line.line, quantity=line.quantity)


def _buyer(invoice: Invoice) -> Buyer:
    return Buyer(buyer_id=invoice.buyer, mail=f"{invoice.buyer}@buyers.example.com", language=fates.language(invoice))


def _address(invoice: Invoice) -> Address:
    """The file has the country only."""
    house = 1 + draws.number(invoice.buyer, "house") % 200
    return Address(
        name=f"Customer {invoice.buyer}",
        line1=f"{house} Example Street",
        city="Exampleton",
        postal_code=f"{draws.letters(3, invoice.buyer, 'post')} {draws.letters(3, invoice.buyer, 'code')}",
        country=code_of(invoice.country),
    )


def _lines(invoice: Invoice) -> tuple[Line, ...]:
    return tuple(
        Line(
            sku=line.sku,
            quantity=line.quantity,
            unit_price=Money(amount=line.pence, currency=CURRENCY),
            asin=asin(line.sku),
            title=line.title,
        )
        for line in invoice.lines
    )


# ---- the seller -----------------------------------------------------------------------------------------------------


def contact_post(at: datetime) -> Post:
    """Where the seller's mails go."""
    message = SetSellerContact(seller_id=SELLER, mail=SELLER_MAIL, language="en", name="Gift House")
    return Post(at, "contact", SELLER, "back-office", message)


# ---- stock ----------------------------------------------------------------------------------------------------------


def asin(sku: str) -> str:
    return "B0" + draws.letters(8, sku, "asin")


def product_post(sku: str, title: str, at: datetime) -> Post:
    fnsku = "X0" + draws.letters(8, sku, "fnsku")
    return _of_item(sku, at, "product", SetProduct(seller_id=SELLER, sku=sku, asin=asin(sku), fnsku=fnsku, title=title))


def listing_posts(sku: str, at: datetime) -> Iterator[Post]:
    """Offered in both channels."""
    for channel in Channel:
        listing = SetListing(seller_id=SELLER, sku=sku, marketplace_id=MARKETPLACE, channel=channel)
        yield _of_item(sku, at, f"listing-{channel}", listing)


def receipt_post(receipt: Receipt) -> Post:
    message = UnitsReceived(
        seller_id=SELLER,
        sku=receipt.sku,
        location_id=receipt.location_id,
        quantity=receipt.units,
        reference=f"delivery of {receipt.at:%Y-%m-%d}",
    )
    return _of_item(receipt.sku, receipt.at, f"receipt-{receipt.location_id}", message)


def correction_post(correction: Correction) -> Post:
    damaged = correction.miscount is Miscount.DAMAGED
    message = UnitsAdjusted(
        seller_id=SELLER,
        sku=correction.sku,
        location_id=place_of(correction),
        quantity=correction.units,
        adjustment=Adjustment(correction.miscount.value),
        disposition=Disposition.WAREHOUSE_DAMAGED if damaged else Disposition.SELLABLE,
        reference=f"row of {correction.invoice}",
    )
    return _of_item(correction.sku, correction.at, f"correction-{correction.invoice}-{correction.row}", message)


def return_post(order: str, channel: Channel, credit: Credit, sku: str, line: int, units: int) -> Post:
    message = CustomerReturned(
        seller_id=SELLER,
        sku=sku,
        location_id=return_place_of(channel),
        quantity=units,
        order_id=order,
        disposition=fates.returned_as(credit.number, sku),
    )
    return _of_item(sku, credit.at, f"return-{credit.number}-{order}-{line}", message)


def _of_item(sku: str, at: datetime, what: str, message: Message) -> Post:
    return Post(at, f"{sku}/{what}", sku, "warehouse", message)
