"""What mails are about: one kind of mail a class, with the values that its text needs. None of a seller's has anything that
tells who bought or where it goes (O11).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias


class Recipient(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one line of an order; the price is for one unit, in minor units of the currency."""

    sku: str
    title: str
    quantity: int
    unit_price: int
    currency: str


@dataclass(frozen=True, slots=True)
class RemovalUnits:
    """Units of one item in one condition."""

    sku: str
    condition: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Units that are there and may not be removed, by the legend's code (I16)."""

    code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class MissingUnits:
    """Units that could not be held, and why others of the item may not be touched."""

    sku: str
    condition: str
    quantity: int
    unavailable: tuple[Unavailable, ...]


@dataclass(frozen=True, slots=True)
class RemovalOutcome:
    """quantity = shipped + disposed + canceled."""

    sku: str
    condition: str
    quantity: int
    shipped: int
    disposed: int
    canceled: int


@dataclass(frozen=True, slots=True)
class ForBuyer:
    recipient: ClassVar[Recipient] = Recipient.BUYER
    about: ClassVar[str] = "order"

    order_id: str


@dataclass(frozen=True, slots=True)
class OrderConfirmed(ForBuyer):
    """The order ships; when it is expected (N2)."""

    template: ClassVar[str] = "order_confirmed"

    items: tuple[Item, ...]
    deliver_from: date
    deliver_until: date


@dataclass(frozen=True, slots=True)
class OrderCanceled(ForBuyer):
    """Nothing more of the order will ship (N1)."""

    template: ClassVar[str] = "order_canceled"

    items: tuple[Item, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ItemsCanceled(ForBuyer):
    """Some of it will not ship (N1)."""

    template: ClassVar[str] = "items_canceled"

    items: tuple[Item, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ForSellerOfOrder:
    recipient: ClassVar[Recipient] = Recipient.SELLER
    about: ClassVar[str] = "order"

    order_id: str


@dataclass(frozen=True, slots=True)
class OrderSold(ForSellerOfOrder):
    """Sold, ship now (N3)."""

    template: ClassVar[str] = "order_sold"

    items: tuple[Item, ...]
    ship_by: date
    confirm_by: datetime


@dataclass(frozen=True, slots=True)
class ConfirmByWarning(ForSellerOfOrder):
    """Seven days are left to confirm the shipment (N4)."""

    template: ClassVar[str] = "confirm_by_warning"

    confirm_by: datetime


@dataclass(frozen=True, slots=True)
class SaleAutoCanceled(ForSellerOfOrder):
    """Nobody canceled, the system did (N5)."""

    template: ClassVar[str] = "sale_auto_canceled"

    items: tuple[Item, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ForSellerOfRemoval:
    recipient: ClassVar[Recipient] = Recipient.SELLER
    about: ClassVar[str] = "removal"

    removal_id: str


@dataclass(frozen=True, slots=True)
class RemovalPlaced(ForSellerOfRemoval):
    template: ClassVar[str] = "removal_placed"

    lines: tuple[RemovalUnits, ...]
    method: str
    leave_by: datetime


@dataclass(frozen=True, slots=True)
class RemovalRefused(ForSellerOfRemoval):
    template: ClassVar[str] = "removal_refused"

    missing: tuple[MissingUnits, ...]


@dataclass(frozen=True, slots=True)
class RemovalCanceled(ForSellerOfRemoval):
    template: ClassVar[str] = "removal_canceled"

    lines: tuple[RemovalUnits, ...]
    by: str


@dataclass(frozen=True, slots=True)
class RemovalCancelTooLate(ForSellerOfRemoval):
    template: ClassVar[str] = "removal_cancel_too_late"

    code: str


@dataclass(frozen=True, slots=True)
class RemovalCompleted(ForSellerOfRemoval):
    template: ClassVar[str] = "removal_completed"

    lines: tuple[RemovalOutcome, ...]


@dataclass(frozen=True, slots=True)
class RemovalShort(ForSellerOfRemoval):
    """`why`: `missing` from the shelf, or `withdrawn` for an order that had left already."""

    template: ClassVar[str] = "removal_short"

    lines: tuple[RemovalUnits, ...]
    why: str


Occasion: TypeAlias = (
    OrderConfirmed
    | OrderCanceled
    | ItemsCanceled
    | OrderSold
    | ConfirmByWarning
    | SaleAutoCanceled
    | RemovalPlaced
    | RemovalRefused
    | RemovalCanceled
    | RemovalCancelTooLate
    | RemovalCompleted
    | RemovalShort
)

OCCASIONS: tuple[type[Occasion], ...] = (
    OrderConfirmed,
    OrderCanceled,
    ItemsCanceled,
    OrderSold,
    ConfirmByWarning,
    SaleAutoCanceled,
    RemovalPlaced,
    RemovalRefused,
    RemovalCanceled,
    RemovalCancelTooLate,
    RemovalCompleted,
    RemovalShort,
)
