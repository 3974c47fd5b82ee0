"""Removals in the trade's language, and the service without I/O deciding about one of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.draft import Draft
from chassis.early import Expected
from contracts.envelope import Deadline, Subject
from contracts.inventory import Bucket, BucketUnits, HeldUnits, HoldWithdrawn, StockSnapshot, UnitsHeld, UnitsRefused
from contracts.registry import MESSAGES
from contracts.removals import (
    CancelRemoval,
    ConfirmRemoval,
    DraftRemoval,
    Method,
    Recipient,
    RemovalItem,
    RemovalParcel,
    RemovalShortage,
    RequestRemoval,
    ShipTo,
    UnavailableUnits,
)
from contracts.values import Address, LineUnits
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalPickStarted, RemovalUnitsDisposed, ShortUnits
from removals.calendar import business_days_after
from removals.decisions import desk
from removals.domain.address import Centers
from removals.domain.policy import Terms
from removals.domain.removal import Removal
from removals.phone import is_valid
from removals.store import Books

from support.alone import Alone

SELLER, REMOVAL = "shop", "r-1"
SUBJECT, ITEM = Subject(SELLER, "removal", REMOVAL), Subject(SELLER, "item", "mug")
HERE = {"seller_id": SELLER, "removal_id": REMOVAL}
NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
"""A Wednesday; Christmas comes within 30 business days."""
CENTER = "network:GB:LTN1"
SKUS = {1: "mug", 2: "mug", 3: "plate"}
UNITS = {1: 3, 2: 1, 3: 2}
"""Of the usual removal by line: three good mugs and a broken one, two good plates."""
TERMS = Terms(
    centers=Centers({"GB": frozenset({"LTN1"})}, {"GB": frozenset({"MK43 0ZA"})}),
    business_days_after=business_days_after,
    is_phone_valid=is_valid,
)


def an_address(**given: Any) -> Address:
    """One that removals ship to, unless told otherwise."""
    parts = {"name": "Ada Moreau", "line1": "12 Harbour Street", "city": "Leeds", "postal_code": "LS1 4AB", "country": "GB"}
    return Address(**{**parts, "phone": "+44 113 496 0123", **given})


OWN = ShipTo(recipient=Recipient.OWN, address=an_address())


def an_item(sku: str = "mug", fulfillable: int = 3, unfulfillable: int = 0) -> RemovalItem:
    return RemovalItem(sku=sku, fulfillable=fulfillable, unfulfillable=unfulfillable)


def _asked(items: tuple[RemovalItem, ...], given: dict[str, Any]) -> dict[str, Any]:
    usual = (an_item("mug", 3, 1), an_item("plate", 2))
    return {**HERE, "marketplace_id": "GB", "method": Method.SHIP_TO, "ship_to": OWN, "items": items or usual, **given}


def drafted(*items: RemovalItem, **given: Any) -> DraftRemoval:
    """Six units of three lines, unless told otherwise."""
    return DraftRemoval(**_asked(items, given))


def requested(*items: RemovalItem, **given: Any) -> RequestRemoval:
    return RequestRemoval(**_asked(items, given))


def confirmed(draft: int | None = None) -> ConfirmRemoval:
    return ConfirmRemoval(**HERE, draft=draft)


def canceled() -> CancelRemoval:
    return CancelRemoval(**HERE)


def units(line: int, quantity: int | None = None, sku: str | None = None) -> LineUnits:
    """All units of a line, unless told otherwise."""
    return LineUnits(line=line, sku=sku or SKUS.get(line, "none"), quantity=quantity or UNITS[line])


def all_units() -> tuple[LineUnits, ...]:
    return tuple(units(line) for line in UNITS)


def held_units(line: int, quantity: int | None = None) -> HeldUnits:
    bucket = Bucket.CUSTOMER_DAMAGED if line == 2 else Bucket.AVAILABLE
    amount = quantity or UNITS[line]
    return HeldUnits(line=line, sku=SKUS[line], location_id=CENTER, quantity=amount, bucket=bucket.value)


def held() -> UnitsHeld:
    return UnitsHeld(**HERE, lines=tuple(held_units(line) for line in UNITS))


def refused() -> UnitsRefused:
    """One good mug is missing; four are bound to orders."""
    bound = UnavailableUnits(code="pending_customer_order", quantity=4)
    missing = RemovalShortage(line=1, sku="mug", quantity=1, condition="fulfillable", unavailable=(bound,))
    return UnitsRefused(**HERE, missing=(missing,))


def withdrawn(*lines: HeldUnits) -> HoldWithdrawn:
    return HoldWithdrawn(**HERE, lines=lines)


def picking() -> RemovalPickStarted:
    return RemovalPickStarted(**HERE)


def parcel(package_id: str = "1", *lines: LineUnits, tracking: str = "T1") -> RemovalParcelShipped:
    """With all units of all lines, unless told otherwise."""
    told = RemovalParcel(
        package_id=package_id, carrier="Post", tracking_number=tracking, shipped_at=NOON, lines=lines or all_units()
    )
    return RemovalParcelShipped(**HERE, parcel=told)


def from_place(location_id: str, line: int, quantity: int) -> ShortUnits:
    return ShortUnits(line=line, sku=SKUS[line], quantity=quantity, location_id=location_id)


def disposed(disposal_id: str = "1", *lines: LineUnits) -> RemovalUnitsDisposed:
    return RemovalUnitsDisposed(**HERE, disposal_id=disposal_id, lines=lines or all_units())


def missing(*lines: LineUnits | ShortUnits, report_id: str | None = None) -> RemovalPickShort:
    short = tuple(ShortUnits(**dict(line)) for line in lines or all_units())
    return RemovalPickShort(**HERE, report_id=report_id, lines=short)


def snapshot(version: int, *balances: tuple[str, Bucket, int], sku: str = "mug") -> StockSnapshot:
    told = tuple(BucketUnits(location_id=place, bucket=bucket.value, quantity=n) for place, bucket, n in balances)
    return StockSnapshot(seller_id=SELLER, sku=sku, version=version, changed_at=NOON, balances=told)


def a_deadline(name: str) -> Deadline:
    """One that was never set: its rule is to say what happens all the same."""
    parts = {"seller_id": SELLER, "object_id": REMOVAL, "generation": UUID(int=0), "due_at": NOON}
    deadline = MESSAGES[name].model_validate(parts)
    assert isinstance(deadline, Deadline)
    return deadline


class Decided(Alone[Books]):
    """What removals does with messages about the one removal, and the one item."""

    def __init__(self, terms: Terms = TERMS) -> None:
        super().__init__(desk(terms), Books(terms, Draft([SUBJECT], {}), Draft([ITEM], {})), NOON)

    @property
    def removal(self) -> Removal:
        removal = self.root
        assert isinstance(removal, Removal)
        return removal

    @property
    def root(self) -> Removal | Expected | None:
        return self.books.removals[SUBJECT]

    @property
    def status(self) -> str:
        match self.root:
            case Removal(status=status):
                return status.value
            case Expected():
                return "Expected"
            case None:
                return "absent"

    @property
    def counts(self) -> dict[int, tuple[int, int, int, int]]:
        """Units open, shipped, disposed of and canceled by line."""
        return {line.number: (line.open, line.shipped, line.disposed, line.canceled) for line in self.removal.lines}


def pending() -> Decided:
    decided = Decided()
    decided.tell(requested(), held())
    return decided


def processing() -> Decided:
    decided = pending()
    decided.tell(picking())
    return decided
